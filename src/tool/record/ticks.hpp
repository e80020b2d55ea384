// Layer: tool. Time, as cheaply as the processor tells it; and sleeping on a word that another process changes.
#pragma once

#include "cenote/os/clock.hpp"

#include <atomic>
#include <cstdint>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cenote::tool {

inline std::uint64_t nanoseconds_now() noexcept { return detail::fine_nanoseconds(); }

inline std::uint64_t ticks_now() noexcept {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    std::uint64_t ticks;
    asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    return nanoseconds_now();
#endif
}

// Until the word is no longer `value`, or somebody wakes, or that time is over. Between processes.
inline void wait_for_change(std::atomic<std::uint32_t>& word, std::uint32_t value,
                            std::uint64_t nanoseconds) noexcept {
    const timespec limit{static_cast<std::time_t>(nanoseconds / 1'000'000'000U),
                         static_cast<long>(nanoseconds % 1'000'000'000U)};
    ::syscall(SYS_futex, &word, FUTEX_WAIT, value, &limit, nullptr, 0);
}
inline void wake(std::atomic<std::uint32_t>& word) noexcept {
    ::syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

} // namespace cenote::tool
