// Layer: tool. One process that is recorded, and its trace: takes the records out of the process's rings in the order of their
// numbers, and makes events of them.
#pragma once

#include "../trace/writer.hpp"
#include "address_map.hpp"
#include "module_list.hpp"
#include "region.hpp"
#include "tick_scale.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace cenote::tool {

class record_stream {
public:
    record_stream(region& in, std::size_t place, const std::string& path, const trace_description& about,
                  const tick_scale& scale);

    std::uint32_t process() const noexcept { return process_; }
    std::size_t place() const noexcept { return place_; }
    const std::string& path() const noexcept { return path_; }
    const trace_writer& writer() const noexcept { return writer_; }
    std::uint64_t lost() const noexcept { return lost_; }

    // Takes what is there; false where there was nothing.
    bool drain();
    // The process is gone, or another program: what is missing will not come any more. Frees its rings and its place.
    void drain_last();
    // It goes on as another program, whose records are at that place.
    void become(std::size_t place);
    void flush() { writer_.flush(); }
    bool close(trace_end end);

private:
    struct source {
        ring* from;
        std::uint64_t tail;
        std::uint32_t thread; // whose records follow
    };
    struct pending_realloc {
        std::uint64_t address = 0;
        std::uint64_t object = 0;
    };

    void find_rings();
    bool drain_in_order();
    bool take_from(source& s);
    void give_room(source& s);
    bool skip_gap(bool at_once);
    void note_lost();
    void make_event(source& s, std::span<const std::uint64_t> words);
    void put_allocated(event& e, std::uint64_t address);
    void end_realloc(event& e, std::span<const std::uint64_t> words);
    std::uint32_t stack_number(std::span<const std::uint64_t> frames);
    void learn_modules(std::span<const std::uint64_t> frames);

    region& in_;
    std::size_t place_;
    std::uint32_t process_;
    std::string path_;
    trace_writer writer_;
    const tick_scale& scale_;
    std::vector<source> rings_;
    std::uint64_t expected_ = 0;
    std::uint64_t gap_since_ = 0;
    std::uint64_t lost_ = 0;      // in all
    std::uint64_t lost_here_ = 0; // of what the place counts
    std::uint64_t time_ = 0;
    address_map objects_;
    std::vector<pending_realloc> reallocs_;                   // by thread
    std::unordered_map<std::uint64_t, std::uint32_t> stacks_; // by the hash of the frames
    module_list modules_;
    std::uint64_t modules_read_ = 0;
};

} // namespace cenote::tool
