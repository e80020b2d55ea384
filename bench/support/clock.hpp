// Two clocks: steady_clock around calls of many operations, processor ticks around a single one.
#pragma once

#include <chrono>
#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace bench {

using nanoseconds = std::chrono::duration<double, std::nano>;

// How long `work()` takes, ns.
template <class Work>
double time_of(Work&& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return nanoseconds(std::chrono::steady_clock::now() - start).count();
}

// One operation is shorter than a call of steady_clock, and a processor that executes out of order would let
// it leak out of its interval. The fences pin both ends ("How to Benchmark Code Execution Times on Intel
// IA-32 and IA-64", G. Paoloni, Intel, 2010; lfence in place of cpuid, which a virtual machine traps).
#if defined(__x86_64__)
inline constexpr bool fenced_ticks = true;
[[gnu::always_inline]] inline std::uint64_t ticks_before() noexcept {
    _mm_lfence();
    const std::uint64_t now = __rdtsc();
    _mm_lfence();
    return now;
}
[[gnu::always_inline]] inline std::uint64_t ticks_after() noexcept {
    unsigned processor = 0;
    const std::uint64_t now = __rdtscp(&processor);
    _mm_lfence();
    return now;
}
// Without fences, a few nanoseconds: around many operations, and comparable between threads.
[[gnu::always_inline]] inline std::uint64_t ticks_now() noexcept { return __rdtsc(); }
#else
inline constexpr bool fenced_ticks = false;
inline std::uint64_t ticks_before() noexcept {
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}
inline std::uint64_t ticks_after() noexcept { return ticks_before(); }
inline std::uint64_t ticks_now() noexcept { return ticks_before(); }
#endif

// Measured once, against steady_clock.
inline double nanoseconds_per_tick() {
    static const double measured = [] {
        const auto start = std::chrono::steady_clock::now();
        const std::uint64_t first = ticks_before();
        while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(50)) {
        }
        const std::uint64_t last = ticks_after();
        return nanoseconds(std::chrono::steady_clock::now() - start).count() /
               static_cast<double>(last - first);
    }();
    return measured;
}

} // namespace bench
