// Layer: tool. The part of the recorder that is in the recorded process: libcenote-record.so, which stands in front of
// whichever malloc the process has, and writes down each call. Never allocates.
#pragma once

#include "../../trace/event.hpp"
#include "../region.hpp"

#include "cenote/base/config.hpp"

#include <cstddef>
#include <cstdint>

namespace cenote::tool::record {

// What a thread knows. All zero to begin with.
struct thread_state {
    std::uint32_t generation; // of the attachment that the rest is of
    bool
        inside; // within a call of the allocator's, or here: calls that come from there are not the program's
    bool ended; // its ring is given back
    std::uint32_t number;
    ring* to;                 // nullptr: the one that threads share
    std::int64_t until_stack; // bytes
    std::uint64_t random;
};

inline constinit thread_local thread_state this_thread [[gnu::tls_model("initial-exec")]]{};

// Of the process. On a page of its own, which the kernel zeroes in a process that is forked: so that a child, however it came
// about, is not taken for its parent.
struct attachment {
    static constexpr std::uint32_t off = ~0U;

    std::uint32_t generation; // 0: not yet attached; `off`: nothing is recorded
    std::uint32_t options;
    region* to;
    process_place* place;
    std::uint64_t stack_interval; // bytes; 0 for no stacks
};
inline constinit attachment* this_process = nullptr;

// Whether this thread's calls are written down. Where the first line holds, they are.
bool begin_slowly(thread_state& t) noexcept;
CENOTE_ALWAYS_INLINE bool begin(thread_state& t) noexcept {
    if (this_process != nullptr) [[likely]] {
        const std::uint32_t generation = this_process->generation;
        if (generation != 0 && generation == t.generation) [[likely]]
            return true;
        if (generation == attachment::off) return false;
    }
    return begin_slowly(t);
}

// Each where begin(t) was true and t.inside is set.
void put_allocation(thread_state& t, event_kind kind, void* p, std::size_t size,
                    unsigned alignment_log2) noexcept;
void put_release(thread_state& t, event_kind kind, void* p) noexcept;
void put_release(thread_state& t, event_kind kind, void* p, std::size_t size) noexcept;
void put_realloc_begin(thread_state& t, void* old) noexcept;
void put_realloc_end(thread_state& t, void* old, void* p, std::size_t size) noexcept;
void put_thread_begin(thread_state& t) noexcept;
void put_thread_end(thread_state& t) noexcept;
void put_fork(thread_state& t, std::uint32_t process) noexcept;

// How many bytes until the next stack is taken: an exponential distribution, so that each byte is as likely as any other.
std::int64_t next_stack(thread_state& t, std::uint64_t interval) noexcept;

// In attach.cpp. Finds a ring for the thread, where there is one left.
void take_ring(thread_state& t) noexcept;
// The ring of those that have none, under lock_shared().
ring* shared_ring() noexcept;
void lock_shared() noexcept;
void unlock_shared() noexcept;
// The recorder is gone, or wants no more.
void switch_off() noexcept;

} // namespace cenote::tool::record
