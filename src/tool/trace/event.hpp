// Layer: tool. What a trace says, event by event.
#pragma once

#include <cstdint>

namespace cenote::tool {

// The numbers are those of the format: docs/trace-format.md.
enum class event_kind : std::uint8_t {
    malloc = 0,
    calloc = 1,
    aligned = 2, // aligned_alloc, posix_memalign, memalign, valloc, pvalloc
    new_one = 3,
    new_array = 4,
    realloc = 5, // with a block or without one; realloc(p, 0) is a free
    free = 6,
    delete_one = 7,
    delete_array = 8,
    thread_begin = 9,
    thread_end = 10,
    fork = 11,  // `size` is the child's process number
    exec = 12,  // another program from here on: every object is gone
    lost = 13,  // `size` events are missing here
    stack = 14, // 14 and 15 define what later events refer to; the reader keeps them to itself
    module = 15,
};

// Objects are numbered from 1 in the order in which they were allocated; 0 is none, or one from before the trace.
struct event {
    event_kind kind = event_kind::malloc;
    bool failed = false;             // the call gave no memory
    bool sized = false;              // a delete that says the size, which is `size`
    std::uint8_t alignment_log2 = 0; // 0 where none was asked for
    std::uint32_t thread = 0;        // numbered from 0 in the order in which they came
    std::uint32_t stack = 0;         // 0 where none was taken
    std::uint64_t time = 0;          // nanoseconds since the trace began
    std::uint64_t object = 0;        // allocated, or freed
    std::uint64_t old_object = 0;    // of realloc: what is gone now
    std::uint64_t address = 0;       // of what was allocated; of a free only where the object is unknown
    std::uint64_t old_address = 0;   // of realloc, only where the old object is unknown
    std::uint64_t size = 0;          // bytes asked for

    friend bool operator==(const event&, const event&) = default;
};

constexpr bool is_allocation(event_kind k) noexcept { return k <= event_kind::realloc; }
constexpr bool is_free(event_kind k) noexcept {
    return k >= event_kind::free && k <= event_kind::delete_array;
}

} // namespace cenote::tool
