// Writes the server's allocation pattern to a file, up to a number of events; see record_format.hpp. Nothing
// that goes wrong here disturbs the server: the recording ends, and `trouble()` says why.
#pragma once

#include "kinds.hpp"
#include "record_format.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace packet_server {

class recorder {
public:
    // Opens `path` for writing; `trouble()` tells if that failed. At most `limit` events are written.
    recorder(const std::string& path, std::uint64_t limit, const record_format::kind_sizes& sizes);
    ~recorder();
    recorder(const recorder&) = delete;
    recorder& operator=(const recorder&) = delete;

    void created(object_kind kind, std::size_t bytes, const void* p) noexcept;
    void freed(const void* p) noexcept;

    // Writes what is buffered and the end of the file. Nothing is recorded afterwards.
    void close() noexcept;

    std::uint64_t events() const noexcept { return events_; }
    bool full() const noexcept { return full_; }
    const std::string& trouble() const noexcept { return trouble_; }

private:
    struct close_file {
        void operator()(std::FILE* file) const noexcept { std::fclose(file); }
    };
    struct live_object {
        std::uint32_t slot;
        object_kind kind;
    };

    bool wants_event() noexcept;
    void put_number(std::uint64_t value) noexcept;
    void finish_event() noexcept;
    void write_frame() noexcept;
    void write(const char* bytes, std::size_t count) noexcept;
    void stop(int error) noexcept;

    std::unique_ptr<std::FILE, close_file> file_;
    record_format::kind_sizes sizes_;
    std::uint64_t limit_;
    std::uint64_t events_ = 0;
    std::uint32_t frame_events_ = 0;
    std::size_t filled_ = 0;
    bool full_ = false;
    std::string payload_;
    std::string trouble_;
    std::unordered_map<const void*, live_object> live_;
    std::vector<std::uint32_t> free_slots_;
    std::uint32_t slots_ = 0;
};

} // namespace packet_server
