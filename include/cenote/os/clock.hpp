// Layer: os. A clock for delays of milliseconds: cheap, monotonic, coarse.
//
// Contract, for whoever writes the next platform: coarse_milliseconds() never goes back, advances at least every 10 ms,
// makes no system call where that can be avoided, and is safe in any thread.
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

} // namespace cenote::detail
