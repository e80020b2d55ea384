// Layer: tool. What the recorded program's calls are made of: one of the allocator's below, and a record.
#pragma once

#include "allocator.hpp"
#include "recorder.hpp"

#include <bit>
#include <cstddef>

#define CENOTE_EXPORT [[gnu::visibility("default")]]

namespace cenote::tool::record {

inline constexpr std::size_t least_alignment = 16;

// A call into the allocator below: what it calls itself is not the program's.
class call {
public:
    explicit call(thread_state& t) noexcept : t_(t), records_(!t.inside && begin(t)) {
        was_inside_ = t.inside;
        t.inside = true;
    }
    ~call() { t_.inside = was_inside_; }
    call(const call&) = delete;
    call& operator=(const call&) = delete;

    bool records() const noexcept { return records_; }

private:
    thread_state& t_;
    bool records_;
    bool was_inside_;
};

inline void* allocate(event_kind kind, std::size_t size) noexcept {
    if (!is_found() && !find_below()) [[unlikely]]
        return allocate_early(size, least_alignment);
    thread_state& t = this_thread;
    const call here(t);
    void* const p = below.malloc(size);
    if (here.records()) put_allocation(t, kind, p, size, 0);
    return p;
}

inline void* allocate_aligned(event_kind kind, std::size_t alignment, std::size_t size) noexcept {
    if (!is_found() && !find_below()) [[unlikely]]
        return allocate_early(size, alignment);
    thread_state& t = this_thread;
    const call here(t);
    void* const p = below.memalign(alignment, size);
    if (here.records())
        put_allocation(t, kind, p, size, static_cast<unsigned>(std::bit_width(alignment | 1U) - 1));
    return p;
}

inline void release(event_kind kind, void* p) noexcept {
    if (p == nullptr || is_early(p)) return;
    if (!is_found() && !find_below()) return;
    thread_state& t = this_thread;
    const call here(t);
    if (here.records()) put_release(t, kind, p);
    below.free(p);
}
inline void release(event_kind kind, void* p, std::size_t size) noexcept {
    if (p == nullptr || is_early(p)) return;
    if (!is_found() && !find_below()) return;
    thread_state& t = this_thread;
    const call here(t);
    if (here.records()) put_release(t, kind, p, size);
    below.free(p);
}

} // namespace cenote::tool::record
