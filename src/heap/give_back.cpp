// When memory goes back to the OS.
//
// Loose is what was freed and is still resident: blocks put back since a class was last trimmed, free units, cached
// mappings. Up to a cap in proportion to what is live (an eighth, at least 4 MiB) it is simply kept. Beyond the cap a
// window opens, as long as the decay: what stayed loose through the whole of it was of no use, and goes; if all of it
// was used in between, the next window opens. So a load that swings faster than the decay never gives back, and one
// that has come down does, a decay later.
//
// Whose time is that? The callers' own, without a thread in the background:
//
//     a thread that frees, and finds more than the cap loose, becomes watchful: its magazines are found closed, so that
//         every call comes by look(), which reads the clock each sixteenth time. So a window ends on time however little
//         the thread calls, as long as it calls at all
//     a thread that ends gives back at once if none but one other is left, or the window has ended
//     a caller that is refused memory gives back, and asks again
//     far beyond the cap (256 MiB, and twice what is live) nobody waits for the end of a window
#include "heap_core.hpp"

#include "cenote/os/clock.hpp"

#include <algorithm>

namespace cenote::detail {

namespace {

constexpr std::size_t least_cap = 4_MiB;
constexpr std::size_t cap_divisor = 8;
constexpr std::size_t far_beyond = 256_MiB;
constexpr std::uint32_t calls_between_looks = 16;

} // namespace

std::size_t heap_core::loose() const noexcept {
    return loose_.load(std::memory_order_relaxed) + units_.dirty_bytes() + mappings_.cached_bytes();
}

std::size_t heap_core::cap() const noexcept {
    return std::max(least_cap, taken_.load(std::memory_order_relaxed) / cap_divisor);
}

void heap_core::loosen(std::ptrdiff_t loose, std::ptrdiff_t taken) noexcept {
    if (loose != 0) loose_.fetch_add(static_cast<std::size_t>(loose), std::memory_order_relaxed);
    if (taken != 0) taken_.fetch_add(static_cast<std::size_t>(taken), std::memory_order_relaxed);
    if (taken > 0 && window_end_.load(std::memory_order_relaxed) != 0) [[unlikely]]
        low_.store(std::min(low_.load(std::memory_order_relaxed), this->loose()), std::memory_order_relaxed);
}

void heap_core::open_window() noexcept {
    low_.store(loose(), std::memory_order_relaxed);
    window_end_.store(coarse_milliseconds() + decay_.load(std::memory_order_relaxed) + 1,
                      std::memory_order_relaxed);
}

// More than the cap is loose, and no thread may ever look.
void heap_core::note_loose() noexcept {
    const std::uint64_t end = window_end_.load(std::memory_order_relaxed);
    if (end == 0)
        open_window();
    else if (window_has_ended(coarse_milliseconds()))
        give_back();
}

void heap_core::watch(thread_cache& cache) noexcept {
    note_loose();
    if (loose() > far_beyond + 2 * taken_.load(std::memory_order_relaxed)) give_back();
    if (cache.is_watchful || loose() <= cap()) return;
    cache.is_watchful = true;
    cache.until_look = calls_between_looks;
    if (slot_ < thread_heaps::direct) this_thread_heaps.at[slot_] = thread_heaps::closed();
}

void heap_core::unwatch(thread_cache& cache) noexcept {
    cache.is_watchful = false;
    if (slot_ < thread_heaps::direct) this_thread_heaps.at[slot_] = &cache;
}

void heap_core::look(thread_cache& cache) noexcept {
    if (--cache.until_look != 0) return;
    cache.until_look = calls_between_looks;
    if (loose() <= cap()) return unwatch(cache);
    const std::uint64_t end = window_end_.load(std::memory_order_relaxed);
    if (end == 0) return open_window();
    if (!window_has_ended(coarse_milliseconds())) return;
    // What this thread did not use in the window is loose as well.
    for (size_class c = 1; c <= last_class; ++c) {
        if (cache.states[c].is_used || cache.size(c) == 0) continue;
        flush(cache, c, cache.size(c));
        cache.shrink(c);
    }
    for (magazine_state& state : cache.states)
        state.is_used = false;
    give_back();
    unwatch(cache);
}

// True for one caller, when a window has ended in which more than half the cap was never used. Opens the next one
// where all of it was.
bool heap_core::window_has_ended(std::uint64_t now) noexcept {
    std::uint64_t end = window_end_.load(std::memory_order_relaxed);
    if (end == 0 || now < end) return false;
    // Relaxed: nothing but the decision is passed on.
    if (!window_end_.compare_exchange_strong(end, 0, std::memory_order_relaxed)) return false;
    if (low_.load(std::memory_order_relaxed) > cap() / 2) return true;
    open_window();
    return false;
}

// Everything loose goes. Returns bytes.
std::size_t heap_core::give_back() noexcept {
    window_end_.store(0, std::memory_order_relaxed);
    std::size_t given = 0;
    for (size_class c = 1; c <= last_class; ++c) {
        class_store& store = classes_[c];
        class_slabs::put_outcome outcome;
        std::size_t loose_before = 0;
        std::size_t taken_before = 0;
        {
            const locked_scope hold{store.lock};
            if (!store.is_open()) continue;
            loose_before = store.loose;
            taken_before = store.slabs().taken();
            outcome = store.empty_depot();
            if (store.loose != 0) given += store.trim();
            taken_before -= store.slabs().taken();
        }
        if (outcome.result != put_result::ok) report("double free", outcome.block, c);
        loosen(-static_cast<std::ptrdiff_t>(loose_before),
               -static_cast<std::ptrdiff_t>(taken_before * class_size(c)));
    }
    given += units_.purge();
    given += mappings_.purge();
    return given;
}

std::size_t heap_core::trim() noexcept {
    if (thread_cache* const cache = this_thread_heaps.find(*this)) flush_all(*cache);
    return give_back();
}

} // namespace cenote::detail
