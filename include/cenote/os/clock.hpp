// Layer: os. A clock for delays of milliseconds: cheap, monotonic, coarse.
//
// Contract, for whoever writes the next platform: coarse_milliseconds() never goes back, advances at least every 10 ms,
// makes no system call where that can be avoided, and is safe in any thread. fine_nanoseconds() is the same clock, to time with.
// processor_milliseconds() is what the process's threads have worked together, thread_nanoseconds() what the calling one has, each
// by a system call.
#pragma once

#include <cstdint>
#include <time.h>

namespace cenote::detail {

inline timespec read_clock(clockid_t which) noexcept {
    timespec now{};
    ::clock_gettime(which, &now);
    return now;
}
constexpr std::uint64_t milliseconds_of(const timespec& time) noexcept {
    return static_cast<std::uint64_t>(time.tv_sec) * 1000 +
           static_cast<std::uint64_t>(time.tv_nsec) / 1'000'000;
}
constexpr std::uint64_t nanoseconds_of(const timespec& time) noexcept {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

inline std::uint64_t coarse_milliseconds() noexcept {
#ifdef CLOCK_MONOTONIC_COARSE
    return milliseconds_of(read_clock(CLOCK_MONOTONIC_COARSE));
#else
    return milliseconds_of(read_clock(CLOCK_MONOTONIC));
#endif
}
inline std::uint64_t fine_nanoseconds() noexcept { return nanoseconds_of(read_clock(CLOCK_MONOTONIC)); }
inline std::uint64_t thread_nanoseconds() noexcept {
    return nanoseconds_of(read_clock(CLOCK_THREAD_CPUTIME_ID));
}
inline std::uint64_t processor_milliseconds() noexcept {
    return milliseconds_of(read_clock(CLOCK_PROCESS_CPUTIME_ID));
}

} // namespace cenote::detail
