// When memory goes back to the OS.
//
// Loose is what was freed and is still resident: blocks put back since a class was last trimmed, free units, cached
// mappings; and of what trims had to leave before, as much as these blocks may have set free. Up to a cap in proportion
// to what is live (an eighth, at least 2 MiB) it is simply kept. Beyond the cap a window opens, as long as the decay. What
// stayed loose through the whole of it is idle (see low_water), and goes: of a size class everything, if that is half; of
// units and mappings as much as that is. So what swings faster than the decay stays, and a load that has come down gives
// back, a decay later. A window in which twice as much comes loose begins anew: much of it was not there to be used.
//
// Whose time is that? The callers' own, without a thread in the background:
//
//     a thread that flushes, and finds more than the cap loose, becomes watchful: its magazines say that they are full,
//         so that every free comes by look(), which reads the clock each sixteenth time. So a window ends on time however
//         little the thread calls, as long as it frees at all
//     a thread that ends gives back at once if none but one other is left, or the window has ended
//     a caller that is refused memory gives back, and asks again
//     a caller to whom half a MiB became resident that was not before gives back what is idle elsewhere, a sixteenth of
//         a decay after the last mark: a program whose next phase needs other sizes does not pay for both. Within a
//         decay only if more became resident than was last given back: what comes back at once was no earlier phase's
//     where nearly all there is is loose (15 of 16 bytes, and 16 MiB), nobody waits for the end of a window, but a decay
//         is between any two of these; less than 16 MiB go when the window ends, idle or not
#include "heap_core.hpp"

#include "cenote/os/clock.hpp"

#include <algorithm>

namespace cenote::detail {

namespace {

constexpr std::size_t least_cap = 2_MiB;
constexpr std::size_t cap_divisor = 8;
constexpr std::size_t least_at_once = 16_MiB;
constexpr std::size_t nearly_all_divisor = 16;
constexpr std::size_t least_room = 512_KiB;
constexpr std::uint32_t room_divisor = 16;
constexpr std::size_t stuck_factor = 4;
constexpr std::uint32_t calls_between_looks = 16;

} // namespace

std::size_t heap_core::loose() const noexcept {
    // Written after the classes' locks were left: for a moment one may be behind the other, and below nothing.
    const std::size_t loose = at_least_nothing(loose_.load(std::memory_order_relaxed));
    const std::size_t stuck = at_least_nothing(stuck_.load(std::memory_order_relaxed));
    return loose + std::min(stuck, stuck_factor * loose) + units_.loose_bytes() + mappings_.cached_bytes();
}

std::size_t heap_core::cap() const noexcept {
    return std::max(least_cap, taken_.load(std::memory_order_relaxed) / cap_divisor);
}

void heap_core::loosen(std::ptrdiff_t loose, std::ptrdiff_t taken, std::ptrdiff_t stuck) noexcept {
    if (loose != 0) loose_.fetch_add(static_cast<std::size_t>(loose), std::memory_order_relaxed);
    if (taken != 0) taken_.fetch_add(static_cast<std::size_t>(taken), std::memory_order_relaxed);
    if (stuck != 0) stuck_.fetch_add(static_cast<std::size_t>(stuck), std::memory_order_relaxed);
}

// So much became resident. Where others have more than the cap loose, that has to go instead.
void heap_core::make_room(std::size_t fresh) noexcept {
    if (loose() <= cap()) return fresh_.store(0, std::memory_order_relaxed);
    const std::size_t all = fresh_.fetch_add(fresh, std::memory_order_relaxed) + fresh;
    if (all < least_room) return;
    const std::uint64_t since = coarse_milliseconds() - marked_.load(std::memory_order_relaxed);
    const std::uint32_t decay = decay_.load(std::memory_order_relaxed);
    if (since < decay / room_divisor) return;
    if (since < decay && all < given_.load(std::memory_order_relaxed)) return;
    give_back(which::idle);
}

// What waits in the caller's magazines counts as free: `mine`, unless they are at work.
void heap_core::open_window(thread_cache* mine) noexcept {
    if (mine != nullptr) flush_all(*mine);
    for (class_store& store : classes_) {
        const locked_scope hold{store.lock};
        store.mark();
    }
    units_.mark();
    mappings_.mark();
    note_mark();
}

// Everything has a new mark, and a window begins if there is reason for one.
void heap_core::note_mark() noexcept {
    const std::uint64_t now = coarse_milliseconds();
    const std::size_t loose_now = loose();
    marked_.store(now, std::memory_order_relaxed);
    loose_at_mark_.store(loose_now, std::memory_order_relaxed);
    const std::uint64_t end = now + decay_.load(std::memory_order_relaxed) + 1;
    window_end_.store(loose_now > cap() ? end : 0, std::memory_order_relaxed);
}

// More than the cap is loose, and no thread may ever look.
void heap_core::note_loose(thread_cache* mine) noexcept {
    const std::uint64_t end = window_end_.load(std::memory_order_relaxed);
    if (end == 0)
        open_window(mine);
    else if (window_has_ended(coarse_milliseconds(), mine))
        give_back(which::idle);
}

void heap_core::watch(thread_cache& cache) noexcept {
    note_loose(&cache);
    if (is_nearly_all(loose())) {
        empty(cache, true);
        give_back(which::all);
    }
    if (cache.is_watchful || loose() <= cap()) return;
    cache.until_look = calls_between_looks;
    cache.set_watchful(true);
}

void heap_core::look(thread_cache& cache) noexcept {
    cache.until_look = calls_between_looks;
    if (loose() <= cap()) return cache.set_watchful(false);
    const std::uint64_t end = window_end_.load(std::memory_order_relaxed);
    if (end == 0) return open_window(&cache);
    if (!window_has_ended(coarse_milliseconds(), &cache)) return;
    empty(cache, false);
    const bool is_all = taken_.load(std::memory_order_relaxed) <= loose() / nearly_all_divisor;
    give_back(is_all ? which::all : which::idle);
    if (loose() <= cap()) cache.set_watchful(false);
}

// What waits in this thread's magazines would keep pages of its own. Those not used since the last time start small again,
// or all of them.
void heap_core::empty(thread_cache& cache, bool all) noexcept {
    flush_all(cache);
    for (size_class c = 1; c <= last_class; ++c) {
        magazine_state& state = cache.states[c];
        if (state.first != nullptr && (all || !state.is_used)) cache.shrink(c);
        state.is_used = false;
    }
}

// Next to nothing is live, and nothing was given back for a decay: who knows whether anybody will call again.
bool heap_core::is_nearly_all(std::size_t loose) noexcept {
    if (loose < least_at_once || taken_.load(std::memory_order_relaxed) > loose / nearly_all_divisor)
        return false;
    const std::uint64_t now = coarse_milliseconds();
    return now >= last_give_back_.load(std::memory_order_relaxed) + decay_.load(std::memory_order_relaxed);
}

// True for one caller, when a window has ended. Begins it anew where twice as much has come loose.
bool heap_core::window_has_ended(std::uint64_t now, thread_cache* mine) noexcept {
    std::uint64_t end = window_end_.load(std::memory_order_relaxed);
    if (end == 0) return false;
    if (loose() / 2 > loose_at_mark_.load(std::memory_order_relaxed)) {
        open_window(mine);
        return false;
    }
    // Relaxed: nothing but the decision is passed on.
    return now >= end && window_end_.compare_exchange_strong(end, 0, std::memory_order_relaxed);
}

// Everything loose goes, or what is idle. Returns bytes.
std::size_t heap_core::give_back(which goes) noexcept {
    last_give_back_.store(coarse_milliseconds(), std::memory_order_relaxed);
    fresh_.store(0, std::memory_order_relaxed);
    std::size_t given = 0;
    const std::size_t loose_units_before = units_.loose_bytes();
    for (size_class c = 1; c <= last_class; ++c) {
        class_store& store = classes_[c];
        class_slabs::put_outcome outcome;
        std::size_t loose_before = 0;
        std::size_t stuck_before = 0;
        std::size_t taken_before = 0;
        {
            const locked_scope hold{store.lock};
            if (!store.is_open()) continue;
            loose_before = store.loose;
            stuck_before = store.stuck;
            taken_before = store.slabs().taken();
            if (goes == which::all || store.is_idle()) {
                outcome = store.empty_depot();
                if (store.has_loose()) given += store.trim();
            } else if (const std::size_t idle = store.idle(); idle != 0) {
                given += store.trim(idle);
            }
            store.mark();
            loose_before -= store.loose;
            stuck_before -= store.stuck;
            taken_before -= store.slabs().taken();
        }
        if (outcome.result != put_result::ok) complain(outcome, c);
        loosen(-static_cast<std::ptrdiff_t>(loose_before),
               -static_cast<std::ptrdiff_t>(taken_before * layout.size(c)),
               -static_cast<std::ptrdiff_t>(stuck_before));
    }
    if (goes == which::all) {
        given += units_.purge();
        given += mappings_.purge();
    } else {
        // What classes gave up just now was idle with them, even if somebody needed others meanwhile.
        const std::size_t loose_units = units_.loose_bytes();
        given += units_.purge_idle(loose_units - std::min(loose_units, loose_units_before));
        given += mappings_.purge_idle();
    }
    given_.store(given, std::memory_order_relaxed);
    note_mark();
    return given;
}

// Memory was refused. False where there was nothing that may help.
bool heap_core::relieve() noexcept {
    if (thread_cache* const cache = this_thread_heaps.find(*this)) empty(*cache, true);
    return give_back(which::all) != 0;
}

std::size_t heap_core::trim() noexcept {
    prepare_for_source();
    if (thread_cache* const cache = this_thread_heaps.find(*this)) flush_all(*cache);
    return give_back(which::all) + guarded_.trim();
}

} // namespace cenote::detail
