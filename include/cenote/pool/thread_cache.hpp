// Layer: pool. One thread's magazines: their tops, and a table indexed by the number of the pool.
//
//     this_thread (constinit, initial-exec)
//     [ near tops: of pool 0, of pool 1, ... of pool 62 | far top | slots | count ]
//                                                                     |
//                                                                     v
//                                               [ magazine of pool 0 | nullptr | magazine of pool 2 | ... ]
//
// The top of a magazine, all that create and destroy look at, lies in the thread-local itself for the pools with
// the lowest numbers; a pool keeps the distance to it. All others share the far top, which is always closed: the slow
// path finds their magazine in the table. A static pool's lies in a thread-local of its own.
//
// A thread's tops and entries change in three ways only: the thread sets them, the thread clears them when it ends, and
// a pool that dies clears its own (by contract nobody uses the pool by then, so its thread does not look at them). The
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
#include "cenote/pool/watched_top.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <pthread.h>

namespace cenote::detail {

class thread_table;

// A thread's magazine for one pool. Its slots lie behind it in the same piece of memory:
//
//     [ thread_magazine | ... | nullptr | p0 | p1 | ... ] ends with a page
struct alignas(64) thread_magazine {
    basic_magazine<watched_top*> blocks;
    thread_table* owner = nullptr;                                     // nullptr: lost to a fork
    void (*retire)(thread_magazine&, void* engine) noexcept = nullptr; // its thread ends; `members` is held
    void* engine = nullptr;
    thread_magazine* next = nullptr; // among the magazines of the pool
    watched_top own;                 // the top of a far pool's
};

class thread_table {
public:
    constexpr thread_table() noexcept = default;

    // Pools with lower numbers have a near top. 512 bytes: glibc has little more than that for the thread-locals of
    // libraries that are loaded late.
    static constexpr std::uint32_t far = 63;
    // How far the top for a pool lies from the first one, bytes.
    static constexpr std::uint32_t distance_to_top(std::uint32_t number) noexcept {
        return std::min(number, far) * static_cast<std::uint32_t>(sizeof(watched_top));
    }

    // Makes room for an entry. False when the thread has ended or there is no memory. Needs watch_ends().
    CENOTE_COLD bool prepare(std::uint32_t number) noexcept {
        if (ended_) return false;
        if (number < count_) return true;
        if (!thread_end.made || ::pthread_setspecific(thread_end.key, this) != 0) return false;
        const std::size_t bytes =
            round_up(std::bit_ceil(std::size_t{number} + 1) * sizeof(thread_magazine*), vm::page_size());
        auto** const larger = static_cast<thread_magazine**>(shared_pools.take_pages(bytes));
        if (larger == nullptr) return false;
        const auto count = static_cast<std::uint32_t>(bytes / sizeof(thread_magazine*));
        thread_magazine** const old = slots_;
        const std::uint32_t old_count = count_;
        std::fill_n(larger + old_count, count - old_count, nullptr);
        {
            const locked_scope hold{shared_pools.tables};
            std::copy_n(old, old_count, larger);
            slots_ = larger;
            count_ = count;
        }
        if (old != nullptr) shared_pools.give_pages(old, old_count * sizeof(thread_magazine*));
        return true;
    }

    // Needs prepare(number).
    CENOTE_COLD void set(std::uint32_t number, thread_magazine& m) noexcept { slots_[number] = &m; }

    // The pool with this number dies. Needs `tables`, or to be the thread itself.
    CENOTE_COLD void clear(std::uint32_t number) noexcept { slots_[number] = nullptr; }

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

    friend watched_top& top_of_this_thread(std::uint32_t distance) noexcept;
    friend thread_magazine* magazine_of_this_thread(std::uint32_t number) noexcept;

    void end() noexcept {
        const locked_scope hold{shared_pools.members};
        for (std::uint32_t i = 0; i != count_; ++i) {
            thread_magazine* const m = slots_[i];
            if (m == nullptr) continue;
            slots_[i] = nullptr;
            m->retire(*m, m->engine);
        }
        if (slots_ != nullptr) shared_pools.give_pages(slots_, count_ * sizeof(thread_magazine*));
        slots_ = nullptr;
        count_ = 0;
        ended_ = true;
    }

    watched_top tops_[far + 1];
    thread_magazine** slots_ = nullptr;
    std::uint32_t count_ = 0;
    bool ended_ = false;
};

[[gnu::tls_model("initial-exec")]] inline constinit thread_local thread_table this_thread;

// These two are not members, and no member is inlined: g++ 12 with -fsanitize=null takes the address of a thread-local,
// as `this` of an inlined member, for null.

// The top of this thread's magazine, at a distance that thread_table::distance_to_top gave.
CENOTE_ALWAYS_INLINE watched_top& top_of_this_thread(std::uint32_t distance) noexcept {
    return *reinterpret_cast<watched_top*>(reinterpret_cast<std::byte*>(this_thread.tops_) + distance);
}

// This thread's magazine for the pool with this number, or nullptr.
inline thread_magazine* magazine_of_this_thread(std::uint32_t number) noexcept {
    return number < this_thread.count_ ? this_thread.slots_[number] : nullptr;
}

} // namespace cenote::detail
