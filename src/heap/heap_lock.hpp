// Layer: heap. The lock of everything in a heap. Beyond short_lock it knows two things of the thread that takes it:
//
//     whether that forks   a fork takes all locks, and only then come the handlers that others registered before ours;
//                          what they allocate passes the locks that their own thread holds for the fork
//     that it is at work   should a signal's handler end the program in the middle of that, nothing here is asked again
//
// The flag of a lock is written by who holds it, and read by a thread for which a fork's handlers run: that one took all
// locks of a heap or none, so to it the flag says whether they are its own. Two threads may fork at once; the second waits
// for the first lock, and does not count as forking yet.
#pragma once

#include "thread_cache.hpp"

#include "cenote/os/lock.hpp"

#include <atomic>

namespace cenote::detail {

class heap_lock {
public:
    constexpr heap_lock() noexcept = default;

    void lock() noexcept;
    // False where anybody has it, this thread's own fork included.
    bool try_lock() noexcept;
    void unlock() noexcept;

    // By the handlers of a fork.
    void lock_for_fork() noexcept {
        lock_.lock();
        is_for_fork_.store(true, std::memory_order_relaxed);
    }
    // Of locks that came into being meanwhile, none was taken.
    void unlock_after_fork() noexcept {
        if (!is_for_fork_.load(std::memory_order_relaxed)) return;
        is_for_fork_.store(false, std::memory_order_relaxed);
        lock_.unlock();
    }

private:
    // Relaxed: where it matters, this very thread wrote it.
    bool passes(const thread_heaps& mine) const noexcept {
        return mine.forks != 0 && is_for_fork_.load(std::memory_order_relaxed);
    }

    short_lock lock_;
    std::atomic<bool> is_for_fork_{false};
};

} // namespace cenote::detail
