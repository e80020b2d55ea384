// Which allocations are drawn to be guarded: see sampling.hpp.
#include "heap_core.hpp"
#include "heap_list.hpp"
#include "process_heap.hpp"

#include "cenote/os/clock.hpp"

#include <algorithm>

namespace cenote::detail {

namespace {
constexpr std::uint64_t first_gap_factor = 2;
constexpr std::uint64_t too_soon_factor = 16;
} // namespace

void heap_core::set_guard_rate(std::uint32_t rate, std::uint32_t places, std::uint32_t gap) noexcept {
    if (is_hardened || supply_.is_foreign()) return;
    const locked_scope hold{heaps.lock};
    is_told_.store(true, std::memory_order_relaxed);
    if (rate == 0 && !sampling_.is_on()) return;
    if (rate != 0) {
        guarded_.set_places(places);
        looked_up_.store(0, std::memory_order_relaxed);
    }
    sampling_.guard_rate.store(rate, std::memory_order_relaxed);
    sampling_.guard_gap.store(gap, std::memory_order_relaxed);
    change_settings();
}

void heap_core::set_leak_rate(std::size_t bytes) noexcept {
    if (is_hardened) return;
    const locked_scope hold{heaps.lock};
    if (bytes == 0 && !sampling_.is_on()) return;
    // Beyond every block; the draws are numbers with a sign.
    sampling_.leak_rate.store(std::min(bytes, std::size_t{1} << 47), std::memory_order_relaxed);
    // Frees are seen no longer.
    if (bytes == 0) leaks_.clear();
    change_settings();
}

// Needs the lock `heaps`. Each thread comes by the slow path soon, and takes the new settings.
void heap_core::change_settings() noexcept {
    // Release: pairs with the acquires of is_on() and adopt_settings(), for what was set before, relaxed.
    sampling_.version.fetch_add(1, std::memory_order_release);
    for (thread_cache* c = caches_; c != nullptr; c = c->next_of_heap)
        c->thread->set(slot_, thread_heaps::closed());
}

// Not before there is a cache: a process that allocates nothing has no page more for it.
bool heap_core::sample_as_usual() noexcept {
    if (is_hardened || this != &process_heap || &usual_sampling == nullptr ||
        is_told_.load(std::memory_order_relaxed))
        return false;
    set_guard_rate(usual_sampling.guard_rate, guarded_store::usual_places, usual_sampling.guard_gap);
    return true;
}

// By the thread of the cache.
void heap_core::adopt_settings(thread_cache& cache) noexcept {
    sampling_counts& counts = cache.sampling();
    if (counts.version == 0) counts.seed(address_of(&cache) ^ coarse_milliseconds());
    // Acquire: pairs with the release in change_settings(), so that the settings below are those of this version, or newer.
    counts.version = sampling_.version.load(std::memory_order_acquire);
    counts.guard_left = counts.draw(sampling_.guard_rate.load(std::memory_order_relaxed));
    counts.leak_left = counts.draw(sampling_.leak_rate.load(std::memory_order_relaxed));
    count_one_by_one(cache, sampling_.counts_one_by_one());
}

void heap_core::count_one_by_one(thread_cache& cache, bool one_by_one) noexcept {
    cache.sampling().is_one_by_one = one_by_one;
    this_thread_heaps.set(slot_, one_by_one ? thread_heaps::closed() : &cache);
}

// Both clocks have to have gone on: on a busy machine that of the process's processors is the slower one, and what samples cost is
// a share of that. The first one waits for longer: it makes the store, and a process that lives shorter has nothing of it.
bool heap_core::is_too_soon() noexcept {
    const std::uint32_t gap = sampling_.guard_gap.load(std::memory_order_relaxed);
    if (gap == 0) return false;
    const std::uint64_t now = coarse_milliseconds();
    std::uint64_t next = next_guarded_.load(std::memory_order_relaxed);
    if (next == 0) next_guarded_.store(next = now + first_gap_factor * gap, std::memory_order_relaxed);
    if (now < next) return true;
    if (processor_milliseconds() >= next_guarded_work_.load(std::memory_order_relaxed)) return false;
    next_guarded_.store(now + gap, std::memory_order_relaxed);
    return true;
}

void* heap_core::allocate_sampling(thread_cache& cache, size_class c, std::size_t size, std::size_t alignment,
                                   const void* from) noexcept {
    sampling_counts& counts = cache.sampling();
    // Acquire, here and in note_large(): as in adopt_settings().
    if (counts.version != sampling_.version.load(std::memory_order_acquire)) [[unlikely]]
        adopt_settings(cache);
    if (counts.is_one_by_one) {
        void* p = draw_guarded(cache, size, alignment, from);
        if (p == nullptr) p = take_through(cache, c);
        if (p != nullptr) note_allocated(counts, p, layout.size(c), from);
        return p;
    }
    const bool was_empty = cache.last(c) == nullptr;
    void* const p = take_through(cache, c);
    if (was_empty && p != nullptr) {
        count_in_bulk(counts, cache.size(c) + 1);
        if (counts.is_one_by_one) count_one_by_one(cache, true);
    }
    return p;
}

// Blocks came into the magazine. Where the count is used up, allocations are counted one by one for a moment.
void heap_core::count_in_bulk(sampling_counts& counts, std::size_t blocks) noexcept {
    const std::uint32_t rate = sampling_.guard_rate.load(std::memory_order_relaxed);
    if (rate == 0) return;
    counts.guard_left -= static_cast<std::int64_t>(blocks);
    if (counts.guard_left > 0) return;
    counts.is_one_by_one = guarded_.has_place(1) && !is_too_soon();
    // Too soon: a thread that allocates that fast need not look at the clock each time.
    counts.guard_left =
        counts.is_one_by_one ? counts.draw_in_moment() : counts.draw(too_soon_factor * std::uint64_t{rate});
}

// An allocation, counted as one. The guarded block that it gets; nullptr where it is not drawn.
void* heap_core::draw_guarded(thread_cache& cache, std::size_t size, std::size_t alignment,
                              const void* from) noexcept {
    const std::uint32_t rate = sampling_.guard_rate.load(std::memory_order_relaxed);
    sampling_counts& counts = cache.sampling();
    // What a page does not hold is not counted.
    if (rate == 0 || size > vm::page_size() || --counts.guard_left > 0) return nullptr;
    // Who forks has all locks, and whoever unwinds the stack may come by here.
    if (counts.is_at_work || this_thread_heaps.forks != 0) return nullptr;
    counts.guard_left = counts.draw(rate);
    if (!sampling_.counts_one_by_one()) count_one_by_one(cache, false);
    // In bulk, that was asked when the moment began.
    else if (is_too_soon())
        return nullptr;
    if (!guarded_.has_place(size)) return nullptr;
    const std::uint32_t gap = sampling_.guard_gap.load(std::memory_order_relaxed);
    if (gap != 0) {
        next_guarded_.store(coarse_milliseconds() + gap, std::memory_order_relaxed);
        next_guarded_work_.store(processor_milliseconds() + gap, std::memory_order_relaxed);
    }
    this_thread_heaps.begin_work();
    counts.is_at_work = true;
    void* const p = guarded_.take(size, alignment, counts.toss(), from);
    counts.is_at_work = false;
    this_thread_heaps.end_work();
    return p;
}

// A block was allocated. Each byte is drawn with the same probability, and a block stands for as many times the rate as it
// has bytes that were drawn; one of the rate or more for itself. So the sum of what live blocks stand for has the bytes that are
// live as its mean, whatever their sizes.
void heap_core::note_allocated(sampling_counts& counts, const void* p, std::size_t bytes,
                               const void* from) noexcept {
    const std::size_t rate = sampling_.leak_rate.load(std::memory_order_relaxed);
    if (rate == 0) return;
    std::size_t weight = 0;
    if (bytes >= rate) {
        weight = bytes;
    } else {
        counts.leak_left -= static_cast<std::int64_t>(bytes);
        for (; counts.leak_left <= 0; counts.leak_left += counts.draw(rate))
            weight += rate;
    }
    // As draw_guarded.
    if (weight == 0 || counts.is_at_work || this_thread_heaps.forks != 0) return;
    this_thread_heaps.begin_work();
    counts.is_at_work = true;
    leaks_.add({address_of(p), bytes, weight, stacks.remember(guarded_event::now(from).stack)});
    counts.is_at_work = false;
    this_thread_heaps.end_work();
}

// A block above the largest class was allocated, or changed its size.
void heap_core::note_large(const void* p, const void* from) noexcept {
    thread_cache* const cache = find_mine();
    if (cache == nullptr) return;
    if (cache->sampling().version != sampling_.version.load(std::memory_order_acquire))
        adopt_settings(*cache);
    note_allocated(cache->sampling(), p, usable_size(p), from);
}

const guarded_store* heap_list::guarding(const void* address) const noexcept {
    for (const heap_core* h = newest_; h != nullptr; h = h->older_)
        if (h->guarded_.holds(address)) return &h->guarded_;
    return nullptr;
}

} // namespace cenote::detail
