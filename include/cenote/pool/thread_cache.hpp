// Layer: pool. One thread's magazines: a table indexed by the number of the pool.
//
//     this_thread (constinit, initial-exec)
//     [ slots | count ] -> [ &no_magazine | magazine of pool 1 | &no_magazine | ... ]
//
// An entry changes in three ways only: its own thread sets it, its own thread clears it when it ends, and a pool that
// dies clears it (by contract nobody uses the pool by then, so its thread does not look at that entry). The
// table as a whole moves only when its thread grows it; `tables` keeps that and a dying pool's clearing apart.
//
// A thread ends in a pthread key's destructor, after its thread_locals of C++ are destroyed. What frees into a pool
// even later (another key's destructor) goes straight to the slabs.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/base/units.hpp"
#include "cenote/os/lock.hpp"
#include "cenote/os/vm.hpp"
#include "cenote/pool/magazine.hpp"
#include "cenote/pool/registry.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <pthread.h>

namespace cenote::detail {

class thread_table;

// A thread's magazine for one pool. Its slots lie behind it in the same piece of memory:
//
//     [ thread_magazine | nullptr | p0 | p1 | ... ]
struct alignas(64) thread_magazine {
    basic_magazine<watched_top> blocks;
    thread_table* owner = nullptr;      // nullptr: lost to a fork
    thread_magazine** direct = nullptr; // a static pool's own thread-local, or nullptr
    void (*retire)(thread_magazine&, void* engine) noexcept = nullptr; // its thread ends; `members` is held
    void* engine = nullptr;
    thread_magazine* next = nullptr; // among the magazines of the pool
};

// The entry where there is none: empty and full at once, so that every call takes the slow path. Never written.
inline constinit thread_magazine no_magazine;

class thread_table {
public:
    constexpr thread_table() noexcept = default;

    // Makes room for an entry. False when the thread has ended or there is no memory. Needs watch_ends().
    CENOTE_COLD bool prepare(std::uint32_t number) noexcept {
        if (ended_) return false;
        if (number < count_) return true;
        if (!thread_end.made || ::pthread_setspecific(thread_end.key, this) != 0) return false;
        const std::size_t bytes =
            round_up(std::bit_ceil(std::size_t{number} + 1) * sizeof(thread_magazine*), vm::page_size());
        auto** const larger = static_cast<thread_magazine**>(vm::map_anywhere(bytes));
        if (larger == nullptr) return false;
        const auto count = static_cast<std::uint32_t>(bytes / sizeof(thread_magazine*));
        thread_magazine** const old = slots_;
        const std::uint32_t old_count = count_;
        {
            const locked_scope hold{shared_pools.tables};
            std::copy_n(old, old_count, larger);
            std::fill(larger + old_count, larger + count, &no_magazine);
            slots_ = larger;
            count_ = count;
        }
        if (old != nullptr) vm::release(old, old_count * sizeof(thread_magazine*));
        return true;
    }

    // Needs prepare(number).
    CENOTE_COLD void set(std::uint32_t number, thread_magazine& m) noexcept { slots_[number] = &m; }

    // The pool with this number dies. Needs `tables`, or to be the thread itself.
    CENOTE_COLD void clear(std::uint32_t number) noexcept { slots_[number] = &no_magazine; }

    // Sees to it that threads that end give their magazines back. Needs `members`.
    static void watch_ends() noexcept {
        if (thread_end.made) return;
        thread_end.made = ::pthread_key_create(&thread_end.key, [](void* table) {
                              static_cast<thread_table*>(table)->end();
                          }) == 0;
    }

private:
    struct end_key {
        pthread_key_t key;
        bool made;
    };
    static constinit inline end_key thread_end{};

    friend thread_magazine& magazine_of_this_thread(std::uint32_t number) noexcept;

    void end() noexcept {
        const locked_scope hold{shared_pools.members};
        for (std::uint32_t i = 0; i != count_; ++i) {
            thread_magazine& m = *slots_[i];
            if (&m == &no_magazine) continue;
            slots_[i] = &no_magazine;
            if (m.direct != nullptr) *m.direct = &no_magazine;
            m.retire(m, m.engine);
        }
        if (slots_ != nullptr) vm::release(slots_, count_ * sizeof(thread_magazine*));
        slots_ = nullptr;
        count_ = 0;
        ended_ = true;
    }

    thread_magazine** slots_ = nullptr;
    std::uint32_t count_ = 0;
    bool ended_ = false;
};

[[gnu::tls_model("initial-exec")]] inline constinit thread_local thread_table this_thread;

// This thread's magazine for the pool with this number, or no_magazine. Not a member: g++ 12 with -fsanitize=null takes
// the address of a thread-local of an inline member's `this` for null; likewise the members are not inlined.
CENOTE_ALWAYS_INLINE thread_magazine& magazine_of_this_thread(std::uint32_t number) noexcept {
    if (number >= this_thread.count_) [[unlikely]]
        return no_magazine;
    return *this_thread.slots_[number];
}

} // namespace cenote::detail
