// Layer: heap. One thread's magazines of one heap, and how a thread finds them.
//
//     this_thread_heaps (thread-local)        thread_cache (OS pages of its own, one for each thread and heap)
//     +-------------------------+             +---------------------------------------------+
//     | at[0]   the process heap| ----------> | tops[kind], fulls[kind]                     |  what the fast paths see
//     | at[1..7] other heaps    |             | states[class]: first slot, capacity, ...    |
//     | at[8]   always closed   |             +---------------------------------------------+
//     | caches  this thread's   |             | slots, handed out as magazines grow         |
//     +-------------------------+             +---------------------------------------------+
//
// A magazine is as in pool/magazine.hpp: the slot below the first holds nullptr, so that "empty" and "freed last" are
// one load. A closed one is empty and full at once: every call takes the slow path. That is what the kinds of memory
// that are no size class have, and what `at` points to where there is no cache, yet or any more.
//
// Magazines start with few slots and grow fourfold as they exchange, to a bound in blocks and bytes, and to one in bytes
// for all of a thread's, which is the smaller the more threads there are.
#pragma once

#include "sampling.hpp"
#include "segment_map.hpp"

#include "cenote/base/config.hpp"
#include "cenote/pool/magazine.hpp"
#include "cenote/pool/watched_top.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace cenote::detail {

class heap_core;

// Written by the owner alone; others look at it to count. Relaxed, as the tops are.
class first_slot {
public:
    constexpr first_slot() noexcept = default;
    operator std::byte**() const noexcept { return at_.load(std::memory_order_relaxed); }
    first_slot& operator=(std::byte** to) noexcept {
        at_.store(to, std::memory_order_relaxed);
        return *this;
    }

private:
    std::atomic<std::byte**> at_{nullptr};
};

struct magazine_state {
    first_slot first; // slot of the bottom block; the one below holds nullptr. At first there is none
    std::uint16_t capacity = 0;  // blocks; 0: no slots yet
    std::uint16_t allotted = 0;  // slots that it has for blocks
    std::uint16_t exchanges = 0; // since the capacity was set
    bool is_used = false;        // has exchanged since the heap last gave memory back
};

// Closed, to begin with.
struct magazine_top : std::atomic<std::byte**> {
    constexpr magazine_top() noexcept : atomic(no_blocks + 1) {}
};
struct magazine_end {
    std::byte** slot = no_blocks + 1;
};

struct thread_cache {
    // Two arrays, since each look-up by kind is then one addressing mode. The tops are written by the owner alone; others
    // look at them to count.
    magazine_top tops[unit_kinds];
    magazine_end fulls[unit_kinds]; // a free finds its magazine full where the top is not below this
    magazine_state states[last_class + 1];
    // nullptr: the heap has ended, and its magazines hold nothing. Relaxed: whose heap it is has not ended.
    std::atomic<heap_core*> heap{nullptr};
    struct thread_heaps* thread = nullptr;
    thread_cache* next_of_thread = nullptr;
    thread_cache* next_of_heap = nullptr; // needs the lock `heaps`
    thread_cache* previous_of_heap = nullptr;
    std::byte** next_slots = nullptr; // never used ones
    std::byte** end_slots = nullptr;
    std::size_t capacity_bytes = 0; // of all magazines, were they full
    std::uint32_t until_look = 0;   // calls of the slow path until the clock is looked at
    bool is_watchful = false;       // every magazine says that it is full, so that frees call the heap

    // Relaxed: whoever is not the owner takes nothing from here but a number of blocks.
    CENOTE_ALWAYS_INLINE std::byte** top(std::size_t k) const noexcept {
        return tops[k].load(std::memory_order_relaxed);
    }
    CENOTE_ALWAYS_INLINE void set_top(std::size_t k, std::byte** to) noexcept {
        tops[k].store(to, std::memory_order_relaxed);
    }
    // The block freed last; nullptr where the magazine is empty or closed.
    CENOTE_ALWAYS_INLINE std::byte* last(std::size_t k) const noexcept { return top(k)[-1]; }
    CENOTE_ALWAYS_INLINE std::byte* pop(std::size_t k) noexcept {
        std::byte** const at = top(k) - 1;
        set_top(k, at);
        return *at;
    }
    CENOTE_ALWAYS_INLINE void push(std::size_t k, void* p) noexcept {
        std::byte** const at = top(k);
        *at = static_cast<std::byte*>(p);
        set_top(k, at + 1);
    }
    // Whatever `fulls` says.
    bool has_room(std::size_t k) const noexcept { return size(k) < states[k].capacity; }

    // Of a size class.
    std::size_t size(std::size_t k) const noexcept {
        std::byte** const first = states[k].first;
        return first == nullptr ? 0 : static_cast<std::size_t>(top(k) - first);
    }
    // The magazine may hold four times as many, while all of the thread's together hold `most_bytes`; its first ones if it
    // has none. False where it has the most it may have.
    bool grow(size_class c, std::size_t most_bytes) noexcept;
    // Back to few. Needs an empty magazine.
    void shrink(size_class c) noexcept;
    // Frees call the heap from now on, or no longer.
    void set_watchful(bool watchful) noexcept;

    static std::size_t bytes() noexcept; // of the memory of one, and what lies behind it

    // Behind the cache: the closed one, which every process has in memory of its own, is none the larger.
    sampling_counts& sampling() noexcept {
        return *std::launder(reinterpret_cast<sampling_counts*>(this + 1));
    }
};

// What every look-up finds where there is no cache: magazines that are empty and full.
extern const thread_cache closed_cache;

struct thread_heaps {
    static constexpr std::size_t direct = 8;

    // Never written through while it is the closed one: closed magazines take the slow path.
    // Others change them only to the closed one. Relaxed: whoever finds a cache may use it, a while longer than it is there.
    std::atomic<thread_cache*> at[direct + 1] = {closed(), closed(), closed(), closed(), closed(),
                                                 closed(), closed(), closed(), closed()};
    thread_cache* caches = nullptr; // changed by the thread alone
    bool ended = false;             // the thread's caches are gone for good
    bool defers_reports = false;    // of bad frees, while the thread ends and holds the lock `heaps`
    std::uint8_t forks = 0; // whose handlers have taken their locks and run in this thread: see heap_lock.hpp
    std::uint32_t work = 0; // how deep the thread is in what must not be entered again

    // The fences keep in order what a signal's handler on this thread sees.
    void begin_work() noexcept {
        ++work;
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    void end_work() noexcept {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        --work;
    }

    CENOTE_ALWAYS_INLINE thread_cache& of(std::uint32_t slot) const noexcept {
        return *at[slot].load(std::memory_order_relaxed);
    }
    void set(std::uint32_t slot, thread_cache* to) noexcept {
        if (slot < direct) at[slot].store(to, std::memory_order_relaxed);
    }

    static constexpr thread_cache* closed() noexcept { return const_cast<thread_cache*>(&closed_cache); }

    thread_cache* find(const heap_core& of) const noexcept {
        for (thread_cache* c = caches; c != nullptr; c = c->next_of_thread)
            if (c->heap.load(std::memory_order_relaxed) == &of) return c;
        return nullptr;
    }
};

[[gnu::tls_model("initial-exec")]] extern constinit thread_local thread_heaps this_thread_heaps;

} // namespace cenote::detail
