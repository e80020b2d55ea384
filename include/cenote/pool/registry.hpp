// Layer: pool. The process's pools that threads share: their locks, which a fork takes, and their numbers.
//
// Three kinds of locks, taken only in this order:
//
//     members   the list of all members. Held by births, deaths, thread ends and forks; never by create or destroy
//     a pool's  the newest pool first, where one needs several: a pool may be the source of a younger one. Pools join
//               when they are constructed; static ones, which are constructed before all others, count as the oldest
//     tables    the threads' tables of magazines, and spare memory. Nothing else is locked while it is held
//
// So a source, which is called under its pool's lock, may itself be an older shared pool. It must not create or end a
// shared pool, nor be what uses a static one for the first time: that takes `members`.
//
// Everything here is constant-initialised and never destroyed: pools work before main and after static destruction.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/os/lock.hpp"
#include "cenote/os/vm.hpp"
#include "cenote/pool/spare_pages.hpp"

#include <cstddef>
#include <cstdint>
#include <pthread.h>

namespace cenote::detail {

// What a fork must know of a pool. `after_fork_` is called in the child, with every lock held.
class shared_member {
public:
    constexpr shared_member() noexcept = default;
    shared_member(const shared_member&) = delete;
    shared_member& operator=(const shared_member&) = delete;

    mutable short_lock lock;

protected:
    ~shared_member() = default;

private:
    friend class registry;
    void (*after_fork_)(shared_member&) noexcept = nullptr;
    shared_member* older_ = nullptr;
    shared_member* newer_ = nullptr;
};

class registry {
public:
    static constexpr std::uint32_t max_numbers = 1U << 20;
    static constexpr std::uint32_t no_number = ~0U;

    using fork_function = void (*)(shared_member&) noexcept;

    constexpr registry() noexcept = default;

    short_lock members;
    short_lock tables;

    enum class age : bool { newest, oldest };

    // Forks take the locks from now on. Needs `members`.
    void handle_forks() noexcept {
        // Without memory for the handlers a fork is as unsafe as in any program that has none.
        if (!handles_forks_)
            handles_forks_ = ::pthread_atfork(before_fork, after_in_parent, after_in_child) == 0;
    }

    // Needs `members`.
    void add(shared_member& m, fork_function after_fork, age as = age::newest) noexcept {
        handle_forks();
        m.after_fork_ = after_fork;
        m.older_ = as == age::newest ? newest_ : nullptr;
        m.newer_ = as == age::newest ? nullptr : oldest_;
        (m.newer_ != nullptr ? m.newer_->older_ : newest_) = &m;
        (m.older_ != nullptr ? m.older_->newer_ : oldest_) = &m;
    }
    // Needs `members`.
    void remove(shared_member& m) noexcept {
        (m.newer_ != nullptr ? m.newer_->older_ : newest_) = m.older_;
        (m.older_ != nullptr ? m.older_->newer_ : oldest_) = m.newer_;
    }

    // The lowest number from `first` (below 64) on that no pool has; no_number when all are taken. Needs `members`.
    // O(numbers / 64).
    std::uint32_t take_number(std::uint32_t first) noexcept {
        for (std::uint32_t w = 0; w != max_numbers / word_bits; ++w) {
            const std::uint64_t taken = w == 0 ? taken_[w] | low_bits(first) : taken_[w];
            if (taken == all_ones) continue;
            const unsigned b = lowest_bit(~taken);
            taken_[w] |= std::uint64_t{1} << b;
            return w * word_bits + b;
        }
        return no_number;
    }
    // Needs `members`.
    void free_number(std::uint32_t n) noexcept {
        if (n != no_number) taken_[n / word_bits] &= ~(std::uint64_t{1} << (n % word_bits));
    }

    // Memory for magazines and tables, whole OS pages with anything in them; nullptr where the OS refuses.
    void* take_pages(std::size_t bytes) noexcept {
        {
            const locked_scope hold{tables};
            if (void* const spare = spare_.take(bytes)) return spare;
        }
        return vm::map_anywhere(bytes);
    }
    void give_pages(void* memory, std::size_t bytes) noexcept {
        {
            const locked_scope hold{tables};
            if (spare_.keep(memory, bytes)) return;
        }
        vm::release(memory, bytes);
    }

private:
    static void before_fork() noexcept;
    static void after_in_parent() noexcept;
    static void after_in_child() noexcept;
    void unlock_all() noexcept {
        tables.unlock();
        for (shared_member* m = newest_; m != nullptr; m = m->older_)
            m->lock.unlock();
        members.unlock();
    }

    shared_member* newest_ = nullptr;
    shared_member* oldest_ = nullptr;
    spare_pages spare_; // under `tables`
    bool handles_forks_ = false;
    std::uint64_t taken_[max_numbers / word_bits] = {};
};

inline constinit registry shared_pools;

inline void registry::before_fork() noexcept {
    shared_pools.members.lock();
    for (shared_member* m = shared_pools.newest_; m != nullptr; m = m->older_)
        m->lock.lock();
    shared_pools.tables.lock();
}
inline void registry::after_in_parent() noexcept { shared_pools.unlock_all(); }
inline void registry::after_in_child() noexcept {
    for (shared_member* m = shared_pools.newest_; m != nullptr; m = m->older_)
        if (m->after_fork_ != nullptr) m->after_fork_(*m);
    shared_pools.unlock_all();
}

// A lock that a fork takes, for pools that need no more of the registry than that.
class fork_safe_lock : public shared_member {
public:
    fork_safe_lock() noexcept {
        const locked_scope hold{shared_pools.members};
        shared_pools.add(*this, nullptr);
    }
    ~fork_safe_lock() {
        const locked_scope hold{shared_pools.members};
        shared_pools.remove(*this);
    }
};

} // namespace cenote::detail
