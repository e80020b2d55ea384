// How much of the process's CPU time passes inside the allocator, by looking at regular intervals where it
// is.
//
// The meter says when it enters and leaves the allocator; a timer that runs on CPU time interrupts the
// process and counts how often it was inside. Unlike a clock around each call this neither slows the calls
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
    // process ends; 0 for never. One for the whole process, and for one thread.
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

    static std::uint64_t looks() noexcept { return looks_; }
    static std::uint64_t looks_inside() noexcept { return looks_inside_; }

private:
    static void look(int) noexcept {
        looks_ = looks_ + 1;
        looks_inside_ = looks_inside_ + static_cast<std::uint64_t>(inside_);
    }

    inline static volatile std::sig_atomic_t inside_ = 0;
    inline static volatile std::uint64_t looks_ = 0;
    inline static volatile std::uint64_t looks_inside_ = 0;
};

} // namespace packet_server
