// Layer: heap. One thread's magazines of one heap, and how a thread finds them.
//
//     this_thread_heaps (thread-local)        thread_cache (OS pages of its own, one for each thread and heap)
//     +-------------------------+             +---------------------------------------------+
//     | at[0]   the process heap| ----------> | magazines[kind]: top, full                  |  what the fast paths see
//     | at[1..7] other heaps    |             | cold[kind]: first slot, capacity, exchanges |
//     | at[8]   always closed   |             +---------------------------------------------+
//     | caches  this thread's   |             | slots, handed out as magazines grow         |
//     +-------------------------+             +---------------------------------------------+
//
// A magazine is as in pool/magazine.hpp: the slot below the first holds nullptr, so that "empty" and "freed last" are
// one load. A closed one is empty and full at once: every call takes the slow path. That is what the kinds of memory
// that are no size class have, and what `at` points to where there is no cache (yet, or any more), or where the heap
// wants to be called for a while (give_back.cpp).
//
// Magazines start with few slots and grow fourfold as they exchange, to a bound in blocks and bytes.
#pragma once

#include "segment_map.hpp"

#include "cenote/base/config.hpp"
#include "cenote/pool/magazine.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cenote::detail {

class heap_core;

struct heap_magazine { // closed, until it gets slots
    // Written by the owner alone; others look at it to count.
    std::atomic<std::byte**> top{no_blocks + 1};
    std::byte** full = no_blocks + 1;

    // Relaxed: whoever is not the owner takes nothing from here but a number of blocks.
    CENOTE_ALWAYS_INLINE std::byte** get() const noexcept { return top.load(std::memory_order_relaxed); }
    CENOTE_ALWAYS_INLINE void set(std::byte** to) noexcept { top.store(to, std::memory_order_relaxed); }
};

struct magazine_state {
    std::byte** first = nullptr; // slot of the bottom block; the one below holds nullptr
    std::uint16_t capacity = 0;  // blocks; 0: no slots yet
    std::uint16_t allotted = 0;  // slots that it has for blocks
    std::uint16_t exchanges = 0; // since the capacity was set
    bool is_used = false;        // has exchanged since the heap last gave memory back
};

struct thread_cache {
    heap_magazine magazines[unit_kinds];
    magazine_state states[unit_kinds];
    heap_core* heap = nullptr;
    struct thread_heaps* thread = nullptr;
    thread_cache* next_of_thread = nullptr;
    thread_cache* next_of_heap = nullptr; // needs the heap's `caches` lock
    thread_cache* previous_of_heap = nullptr;
    std::byte** next_slots = nullptr; // never used ones
    std::byte** end_slots = nullptr;
    std::uint32_t until_look = 0; // calls of the slow path until the clock is looked at
    bool is_watchful = false;     // `at` is closed so that the heap is called

    std::size_t size(std::size_t k) const noexcept {
        return states[k].first == nullptr ? 0
                                          : static_cast<std::size_t>(magazines[k].get() - states[k].first);
    }
    // The magazine may hold four times as many; its first ones if it has none. False where it has the most it may have.
    bool grow(size_class c) noexcept;
    // Back to few. Needs an empty magazine.
    void shrink(size_class c) noexcept;

    static std::size_t bytes() noexcept; // of the memory of one
};

// What every look-up finds where there is no cache: magazines that are empty and full.
extern const thread_cache closed_cache;

struct thread_heaps {
    static constexpr std::size_t direct = 8;

    // Never written through while it is the closed one: closed magazines take the slow path.
    thread_cache* at[direct + 1] = {closed(), closed(), closed(), closed(), closed(),
                                    closed(), closed(), closed(), closed()};
    thread_cache* caches = nullptr;
    bool ended = false; // the thread's caches are gone for good

    static constexpr thread_cache* closed() noexcept { return const_cast<thread_cache*>(&closed_cache); }

    thread_cache* find(const heap_core& of) const noexcept {
        for (thread_cache* c = caches; c != nullptr; c = c->next_of_thread)
            if (c->heap == &of) return c;
        return nullptr;
    }
};

[[gnu::tls_model("initial-exec")]] extern constinit thread_local thread_heaps this_thread_heaps;

} // namespace cenote::detail
