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

inline std::uint64_t coarse_milliseconds() noexcept {
    timespec now{};
#ifdef CLOCK_MONOTONIC_COARSE
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
#else
    ::clock_gettime(CLOCK_MONOTONIC, &now);
#endif
    return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

inline std::uint64_t fine_nanoseconds() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

inline std::uint64_t thread_nanoseconds() noexcept {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(used.tv_nsec);
}

inline std::uint64_t processor_milliseconds() noexcept {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<std::uint64_t>(used.tv_sec) * 1000 +
           static_cast<std::uint64_t>(used.tv_nsec) / 1'000'000;
}

} // namespace cenote::detail
