// Layer: os. A lock for short critical sections: spins briefly, then sleeps in the kernel, so that a holder that was
// preempted costs the others no time slice.
#pragma once

#include "cenote/os/errno_kept.hpp"

#ifndef __linux__
#include <sched.h>
#else
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#endif

namespace cenote::detail {

// Tells the processor that this is a spin loop.
inline void spin_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// Sleeps while `state` is `value`, or not at all: whoever returns looks again. Linux is called directly, since what
// std::atomic::wait does the same with is in the C++ runtime, which a replacement of malloc must do without. For a tenth of
// a second at most: a waker whose call is refused then costs that, and not a thread that sleeps for ever.
inline void wait_while(int& state, int value) noexcept {
#ifdef __linux__
    const errno_kept kept;
    const timespec most{0, 100'000'000};
    ::syscall(SYS_futex, &state, FUTEX_WAIT_PRIVATE, value, &most);
#else
    // Relaxed: whoever goes on acquires by what it does next.
    if (__atomic_load_n(&state, __ATOMIC_RELAXED) == value) ::sched_yield();
#endif
}
inline void wake_one([[maybe_unused]] int& state) noexcept {
#ifdef __linux__
    const errno_kept kept;
    ::syscall(SYS_futex, &state, FUTEX_WAKE_PRIVATE, 1);
#endif
}

// Meets BasicLockable. Four bytes, constant-initialised, trivially destroyed: usable before main and after static
// destruction. Not fair, not recursive. The three states are those of Drepper, 2011, "Futexes Are Tricky", mutex 2.
class short_lock {
public:
    constexpr short_lock() noexcept = default;
    short_lock(const short_lock&) = delete;
    short_lock& operator=(const short_lock&) = delete;

    void lock() noexcept {
        int seen = unlocked;
        // Acquire: pairs with the release in unlock(), so that what the last holder wrote is seen.
        if (__atomic_compare_exchange_n(&state_, &seen, locked, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            [[likely]]
            return;
        lock_slowly();
    }

    bool try_lock() noexcept {
        int seen = unlocked;
        // Acquire: as in lock().
        return __atomic_compare_exchange_n(&state_, &seen, locked, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
    }

    void unlock() noexcept {
        // Release: pairs with the acquires of whoever locks next. An exchange, because a thread may have announced
        // since that it sleeps.
        if (__atomic_exchange_n(&state_, unlocked, __ATOMIC_RELEASE) == contended) [[unlikely]]
            wake_one(state_);
    }

private:
    static constexpr int unlocked = 0;
    static constexpr int locked = 1;
    static constexpr int contended = 2; // locked, and somebody may sleep
    static constexpr int spins = 64;

    [[gnu::noinline]] void lock_slowly() noexcept {
        for (int i = 0; i != spins; ++i) {
            spin_pause();
            // Relaxed: only a hint whether trying is worth it; try_lock acquires.
            if (__atomic_load_n(&state_, __ATOMIC_RELAXED) == unlocked && try_lock()) return;
        }
        // Acquire: as in lock(). Whoever slept takes the lock as contended: others may still sleep.
        while (__atomic_exchange_n(&state_, contended, __ATOMIC_ACQUIRE) != unlocked)
            wait_while(state_, contended);
    }

    int state_ = unlocked;
};

// Holds a lock for a scope. <mutex> would bring all of std::mutex along.
template <class Lock>
class [[nodiscard]] locked_scope {
public:
    explicit locked_scope(Lock& lock) noexcept : lock_(lock) { lock_.lock(); }
    ~locked_scope() { lock_.unlock(); }
    locked_scope(const locked_scope&) = delete;
    locked_scope& operator=(const locked_scope&) = delete;

private:
    Lock& lock_;
};

// Holds a lock for a scope, or not: where somebody else has it who is not done in a moment.
template <class Lock>
class [[nodiscard]] tried_scope {
public:
    tried_scope(Lock& lock, bool may_wait) noexcept : lock_(lock), holds_(may_wait) {
        if (may_wait) lock_.lock();
        for (int i = 0; i != spins && !holds_; ++i) {
            holds_ = lock_.try_lock();
            if (!holds_) spin_pause();
        }
    }
    ~tried_scope() {
        if (holds_) lock_.unlock();
    }
    tried_scope(const tried_scope&) = delete;
    tried_scope& operator=(const tried_scope&) = delete;
    explicit operator bool() const noexcept { return holds_; }

private:
    static constexpr int spins = 16;

    Lock& lock_;
    bool holds_;
};

} // namespace cenote::detail
