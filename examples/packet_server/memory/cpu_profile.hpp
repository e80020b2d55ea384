// How much of the process's CPU time passes inside the allocator, by looking at regular intervals where it
// is.
//
// The meter says when a thread enters and leaves the allocator; a timer that runs on the CPU time of all threads
// interrupts the one that runs and counts how often it was inside. Unlike a clock around each call this neither slows the calls
// nor stops them from overlapping with their surroundings, and time in which the process did not run does not
// count. What the kernel does on the allocator's behalf, page faults above all, counts as inside.
#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>
#include <sys/time.h>

namespace packet_server {

class cpu_profile {
public:
    // Around a call of the allocator. Costs two stores; the fences are for the compiler alone.
    static void enter() noexcept {
        inside_ = 1;
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    static void leave() noexcept {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        inside_ = 0;
    }

    // Looks `per_second` times in each second of CPU time, as far as the kernel's own tick allows, until the
    // process ends; 0 for never. One for the whole process.
    static void start(std::uint32_t per_second) noexcept {
        if (per_second == 0) return;
        struct sigaction action {};
        action.sa_handler = look;
        action.sa_flags = SA_RESTART;
        sigemptyset(&action.sa_mask);
        sigaction(SIGPROF, &action, nullptr);
        itimerval interval{};
        interval.it_interval.tv_usec =
            per_second > 1 ? static_cast<suseconds_t>(1'000'000 / per_second) : 999'999;
        interval.it_value = interval.it_interval;
        setitimer(ITIMER_PROF, &interval, nullptr);
    }

    static std::uint64_t looks() noexcept { return looks_.load(std::memory_order_relaxed); }
    static std::uint64_t looks_inside() noexcept { return looks_inside_.load(std::memory_order_relaxed); }

private:
    static void look(int) noexcept {
        // Relaxed: two counts, of which nothing else is read by.
        looks_.fetch_add(1, std::memory_order_relaxed);
        if (inside_ != 0) looks_inside_.fetch_add(1, std::memory_order_relaxed);
    }

    // Of each thread, in memory that is there from the thread's start: a signal handler may not wait for it.
    [[gnu::tls_model(
        "initial-exec")]] static constinit inline thread_local volatile std::sig_atomic_t inside_ = 0;
    inline static constinit std::atomic<std::uint64_t> looks_{0};
    inline static constinit std::atomic<std::uint64_t> looks_inside_{0};
    static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
};

} // namespace packet_server
