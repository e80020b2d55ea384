// Layer: tool. Reads a trace, a block at a time, some ten nanoseconds an event. What is damaged is skipped, with a note, and
// reading goes on at the next block that is whole.
//
//     trace_reader trace("redis.trace");
//     for (event e; trace.next(e);)
//         ...
//     for (const std::string& note : trace.notes()) ...
//
// An event's stack and the modules are known from the time on at which the event was read. What callers want to know of
// an object while it lives is kept by live_objects.
#pragma once

#include "description.hpp"
#include "event.hpp"
#include "format.hpp"
#include "module.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace cenote::tool {

class trace_reader {
public:
    // Throws failure when there is no such file, or it is no trace, or of a later version.
    explicit trace_reader(const std::string& path);
    // Of bytes in memory, which outlive the reader; the name is for messages.
    trace_reader(std::span<const unsigned char> bytes, const std::string& name);
    trace_reader(const trace_reader&) = delete;
    trace_reader& operator=(const trace_reader&) = delete;
    ~trace_reader();

    // False at the end.
    bool next(event& to) {
        if (next_ == events_.size() && !read_block()) return false;
        to = events_[next_++];
        return true;
    }
    // The events that come next, some ten thousand; none at the end. Valid until the next call.
    std::span<const event> next_block() {
        if (next_ == events_.size() && !read_block()) return {};
        const std::size_t first = next_;
        next_ = events_.size();
        return std::span<const event>(events_).subspan(first);
    }
    // To the beginning again. Modules are met anew; stacks stay known.
    void rewind();

    const trace_description& about() const noexcept { return about_; }
    // Known when all was read.
    const trace_end& end() const noexcept { return end_; }
    // What is wrong with the file, in sentences; complete when all was read. Empty for a whole trace.
    const std::vector<std::string>& notes() const noexcept { return notes_; }
    // When all was read. Throws failure where the trace is damaged, and none of its events could be read.
    void require_events() const;

    // Addresses, those of calls' returns, the innermost first. Empty where it is unknown.
    std::span<const std::uint64_t> stack(std::uint32_t number) const noexcept;
    // In the order in which they came.
    const std::vector<code_module>& modules() const noexcept { return modules_; }
    // The one that was last mapped at an address; nullptr where none was.
    const code_module* module_at(std::uint64_t address) const noexcept;

    // How far reading came, of file_bytes(): for who shows progress.
    std::uint64_t position() const noexcept { return at_; }
    std::uint64_t file_bytes() const noexcept { return file_bytes_; }

private:
    struct decompressor;
    class columns_of;

    void open();
    bool read_block();
    bool decode(std::span<const unsigned char> plain);
    bool decode_event(columns_of& from, event& e);
    void define_stack(columns_of& from);
    void define_module(columns_of& from);
    bool read_at(std::uint64_t offset, void* to, std::size_t bytes) const;
    // The block that begins there, decompressed into plain_; nothing where it is not whole.
    std::optional<block_header> load(std::uint64_t offset);
    // Where the next whole block begins, at `from` or later.
    std::optional<std::uint64_t> find_block(std::uint64_t from);
    void note(const std::string& text);

    std::string name_;
    std::span<const unsigned char> memory_;
    int file_ = -1;
    std::uint64_t file_bytes_ = 0;
    std::uint64_t at_ = 0;
    std::unique_ptr<decompressor> decompressor_;
    std::vector<unsigned char> stored_;
    std::vector<unsigned char> plain_;

    std::vector<event> events_;
    std::size_t next_ = 0;
    std::uint64_t expected_event_ = 0;
    bool over_ = false;
    bool has_events_ = false;

    trace_description about_;
    trace_end end_;
    std::vector<std::string> notes_;
    std::vector<std::uint64_t> frames_;
    struct range {
        std::size_t first = 0;
        std::size_t count = 0;
    };
    std::unordered_map<std::uint32_t, range> stacks_;
    std::vector<code_module> modules_;
};

} // namespace cenote::tool
