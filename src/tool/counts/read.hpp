// Layer: tool. What the counting library counted, read from its files: see src/override/counting/counts.hpp.
#pragma once

#include "override/counting/counts.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace cenote::tool {

struct kind_figures {
    std::uint64_t block_size = 0; // bytes; 0: above the size classes
    std::uint64_t allocated = 0, freed = 0, requested = 0, given = 0;
    std::uint64_t live = 0; // blocks
    std::uint64_t live_bytes = 0;
    std::uint64_t in_magazines = 0, capacity = 0, refills = 0, flushes = 0;

    void add(const kind_figures& other); // all but the block size
};

// What calls of one sort took, from those that were timed.
struct time_figures {
    std::uint64_t calls = 0, timed = 0, interrupted = 0;
    double seconds = 0;  // of all calls, the clock's own cost taken off
    double variance = 0; // of `seconds`

    void add(const time_figures& other);
};

// One program in one process, or the sum of several; of `most` figures that of the one with the most.
struct count_figures {
    std::string program;
    std::uint32_t process = 0, parent = 0;
    bool is_forked = false;  // began as a copy of its parent
    bool has_ended = false;  // by exit() or from main
    bool has_failed = false; // the library reported a wrong use of memory
    std::string said;
    std::uint64_t threads = 0, uncounted_threads = 0;
    std::array<kind_figures, cenote::detail::counting::kinds> kinds{};
    std::uint64_t reallocations = 0, in_place = 0, refused = 0;
    time_figures allocating, freeing, reallocating;
    std::uint64_t live = 0, most_live = 0; // bytes
    cenote::detail::counting::heap_figures last{}, at_most_live{};
    bool has_snapshot = false;

    kind_figures total() const;
    time_figures time() const;
    std::uint64_t calls() const { return allocating.calls + freeing.calls + reallocating.calls; }
    void add(const count_figures& other);
};

struct counts_of_folder {
    std::vector<count_figures> programs; // by process, and in the order in which a process ran them
    std::vector<std::string> unreadable; // files
};
counts_of_folder read_counts(const std::string& folder);

} // namespace cenote::tool
