#include "heap_core.hpp"

#include <algorithm>
#include <cerrno>

namespace cenote::detail {

// This thread's magazine is empty, closed, or not there.
void* heap_core::refill(std::size_t size, thread_cache& seen, size_class c, std::size_t alignment,
                        heap_core& of) noexcept {
    thread_cache* const cache = of.mine(seen);
    // Where there was no cache a profile may have come since the class was looked up.
    if (seen.heap.load(std::memory_order_relaxed) == nullptr) c = layout.find(size, alignment);
    void* p;
    if (!is_hardened && cache != nullptr && of.sampling_.is_on())
        p = of.allocate_sampling(*cache, c, size, alignment, __builtin_return_address(0));
    else
        p = of.take_once(cache, c);
    // What a callback freed is in the magazine.
    if (of.supply_.call_back(p == nullptr)) [[unlikely]]
        p = of.take_once(of.mine(seen), c);
    pool_publication.note();
    return p != nullptr ? p : of.refuse();
}

// These return nullptr where that is refused.
void* heap_core::take_once(thread_cache* cache, size_class c) noexcept {
    return cache != nullptr ? take_through(*cache, c) : take_directly(c);
}
void* heap_core::take_through(thread_cache& cache, size_class c) noexcept {
    if (cache.last(c) == nullptr) {
        magazine_state& state = cache.states[c];
        if (state.exchanges++ >= 1 || state.capacity == 0) cache.grow(c, magazine_bytes());
        state.is_used = true;
        std::size_t got = take(c, state.first, exchange_of(state), state.capacity);
        if (got == 0 && relieve()) got = take(c, state.first, exchange_of(state), state.capacity);
        if (got == 0) return nullptr;
        cache.set_top(c, state.first + got);
    }
    std::byte* const p = cache.pop(c);
    hand_out(p, layout.size(c));
    return p;
}

// Blocks that change hands at a time. A quarter of a magazine between threads; of a thread alone an eighth, since a load that
// swings by nearly a magazine then moves no more than that at each end.
std::size_t heap_core::exchange_of(const magazine_state& state) const noexcept {
    // Relaxed: only a hint.
    const bool alone = cache_count_.load(std::memory_order_relaxed) <= 1;
    return std::max<std::size_t>(state.capacity / (alone ? 8U : 4U), 1);
}

// What a thread's magazines may hold together, beyond their first slots: what one or two threads have makes them fast at any
// size, and what many have together is bounded, until each is down to what it needs.
std::size_t heap_core::magazine_bytes() const noexcept {
    constexpr std::size_t most = 8_MiB;
    constexpr std::size_t least = 1_MiB;
    constexpr std::size_t of_all = 16_MiB;
    // Relaxed: only a hint.
    const std::size_t threads = cache_count_.load(std::memory_order_relaxed);
    return std::clamp(of_all / std::max<std::size_t>(threads, 1), least, most);
}

void* heap_core::refuse() noexcept {
    refused_.fetch_add(1, std::memory_order_relaxed);
    errno = ENOMEM;
    return nullptr;
}

// This thread's magazine is full, closed, watchful, or not there; or `p` is what was freed last, or no block of a class.
void heap_core::deallocate_slowly(thread_cache& seen, void* p, unit_kind kind) noexcept {
    leaks_.remove(p);
    if (kind == kind_foreign || kind > last_class) {
        if (kind == kind_guarded)
            guarded_.give(p, __builtin_return_address(0));
        else if (p != nullptr)
            deallocate_large(p, kind);
        return;
    }
    if (!may_be_block(p, kind)) report("free of a pointer to no block", p, kind);
    const auto c = static_cast<size_class>(kind);
    thread_cache* const cache = mine(seen);
    if (cache == nullptr) return put_directly(c, p);
    if (cache->last(c) == p) [[unlikely]]
        report("double free", p, kind);
    if (cache->is_watchful && --cache->until_look == 0) [[unlikely]]
        look(*cache);
    if (!cache->has_room(c)) {
        exchange(*cache, c);
        pool_publication.note();
    }
    take_in(p, layout.size(c));
    cache->push(c, p);
}

// Makes room in a magazine that is full. One that only takes what a program gives up need not grow.
void heap_core::exchange(thread_cache& cache, size_class c) noexcept {
    magazine_state& state = cache.states[c];
    state.is_used = true;
    const bool is_too_loose = loose() > cap();
    const bool may_grow = state.exchanges++ >= 1 && !is_too_loose;
    if ((may_grow || state.capacity == 0) && cache.grow(c, magazine_bytes())) return;
    flush(cache, c, exchange_of(state));
    if (is_too_loose) [[unlikely]]
        watch(cache);
}

void* heap_core::take_directly(size_class c) noexcept {
    std::byte* p = nullptr;
    if (take(c, &p, 1, 1) == 0 && (!relieve() || take(c, &p, 1, 1) == 0)) return nullptr;
    hand_out(p, layout.size(c));
    if (running_on_valgrind()) valgrind_allocated(p, layout.size(c));
    return p;
}

void heap_core::put_directly(size_class c, void* p) noexcept {
    auto* const block = static_cast<std::byte*>(p);
    if (running_on_valgrind()) { // before another thread may have it; so what is said of one that is free is said here
        valgrind_describes(p, layout.size(c));
        valgrind_freed(p);
    }
    take_in(p, layout.size(c));
    put(c, &block, 1);
}

std::size_t heap_core::take(size_class c, std::byte** out, std::size_t want, std::size_t room) noexcept {
    class_store& store = classes_[c];
    std::size_t got;
    std::ptrdiff_t loosened;
    std::ptrdiff_t unstuck;
    std::ptrdiff_t taken;
    std::size_t fresh;
    {
        const locked_scope hold{store.lock};
        if (!store.is_open()) store.open(c, units_, supply_);
        const std::size_t loose_before = store.loose;
        const std::size_t stuck_before = store.stuck;
        const std::size_t taken_before = store.slabs().taken();
        const std::size_t fresh_before = store.fresh;
        got = store.take(out, want, room);
        loosened = static_cast<std::ptrdiff_t>(store.loose - loose_before);
        fresh = store.fresh - fresh_before;
        unstuck = static_cast<std::ptrdiff_t>(store.stuck - stuck_before);
        taken = static_cast<std::ptrdiff_t>((store.slabs().taken() - taken_before) * layout.size(c));
    }
    loosen(loosened, taken, unstuck);
    if (fresh != 0) make_room(fresh);
    // Relaxed: a window that is missed now is seen at the next exchange.
    if (window_end_.load(std::memory_order_relaxed) != 0 && loose() > cap()) [[unlikely]]
        note_loose(nullptr);
    return got;
}

void heap_core::put(size_class c, std::byte* const* blocks, std::size_t count) noexcept {
    class_store& store = classes_[c];
    class_slabs::put_outcome outcome;
    {
        const locked_scope hold{store.lock};
        if (!store.is_open()) store.open(c, units_, supply_);
        outcome = store.put(blocks, count);
    }
    if (outcome.result != put_result::ok) [[unlikely]]
        complain(outcome, c);
    const auto bytes = static_cast<std::ptrdiff_t>(count * layout.size(c));
    loosen(bytes, -bytes);
}

// Another thread may want them soon: the depot, where it has room.
void heap_core::put_or_keep(size_class c, std::byte* const* blocks, std::size_t count) noexcept {
    // Relaxed: only a hint.
    if (cache_count_.load(std::memory_order_relaxed) > 1) {
        class_store& store = classes_[c];
        const locked_scope hold{store.lock};
        if (store.is_open() && store.put_batch(c, blocks, count)) return;
    }
    put(c, blocks, count);
}

// The newest blocks go, so that none of the others has to move.
void heap_core::flush(thread_cache& cache, size_class c, std::size_t count) noexcept {
    std::byte** const to = cache.top(c) - count;
    cache.set_top(c, to);
    put_or_keep(c, to, count);
}

void heap_core::flush_all(thread_cache& cache) noexcept {
    for (size_class c = 1; c <= last_class; ++c) {
        const std::size_t count = cache.size(c);
        if (count == 0) continue;
        cache.set_top(c, cache.states[c].first);
        put(c, cache.states[c].first, count);
    }
}

void heap_core::deallocate(void* p, std::size_t size, std::size_t alignment) noexcept {
    const size_class c = layout.find(size, alignment);
    if (c == no_class || p == nullptr || size >= looked_up_.load(std::memory_order_relaxed))
        return deallocate(p);
    give(cache(), p, c);
}

void heap_core::check_waiting() noexcept {
    // Relaxed: nothing of what others do at this moment need be seen.
    if (taken_.load(std::memory_order_relaxed) == 0) return;
    if (thread_cache* const cache = this_thread_heaps.find(*this)) flush_all(*cache);
    for (size_class c = 1; c <= last_class; ++c) {
        class_store& store = classes_[c];
        class_slabs::put_outcome outcome;
        std::size_t put_back = 0;
        {
            const locked_scope hold{store.lock};
            if (!store.is_open()) continue;
            const std::size_t before = store.loose;
            outcome = store.empty_depot();
            put_back = store.loose - before;
        }
        if (outcome.result != put_result::ok) complain(outcome, c);
        loosen(static_cast<std::ptrdiff_t>(put_back), -static_cast<std::ptrdiff_t>(put_back));
    }
}

} // namespace cenote::detail
