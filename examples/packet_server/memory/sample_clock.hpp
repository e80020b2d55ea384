// A clock fine enough to time one call of an allocator.
//
// Two readings with nothing between them are not free, so their cost is measured first and subtracted. The
// fences keep the timed call from being spread over its surroundings; they also stop it from overlapping with
// them, which makes the figures an upper bound.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace packet_server {

struct sample_clock {
    static std::uint64_t now() noexcept {
#if defined(__x86_64__)
        _mm_lfence();
        const std::uint64_t ticks = __rdtsc();
        _mm_lfence();
        return ticks;
#else
        return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
    }

    // What two readings in a row differ by: the median of many.
    static std::uint64_t overhead() noexcept {
        std::array<std::uint64_t, 1001> pairs{};
        for (std::uint64_t& pair : pairs) {
            const std::uint64_t from = now();
            pair = now() - from;
        }
        std::nth_element(pairs.begin(), pairs.begin() + pairs.size() / 2, pairs.end());
        return pairs[pairs.size() / 2];
    }
};

// Turns ticks into nanoseconds by comparing both clocks over the life of this object.
class tick_scale {
public:
    double ns_per_tick() const noexcept {
        const std::uint64_t ticks = sample_clock::now() - ticks_;
        const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - time_;
        return ticks == 0 ? 1.0 : passed.count() / static_cast<double>(ticks);
    }

private:
    std::chrono::steady_clock::time_point time_ = std::chrono::steady_clock::now();
    std::uint64_t ticks_ = sample_clock::now();
};

// The samples of one kind of call; a meter keeps them in counters that other threads may read.
template <class Number>
struct basic_call_samples {
    // A sample this long was interrupted: the thread did not run all the while. It is counted, not added.
    static constexpr std::uint64_t longest = 2'000'000; // ticks, about a millisecond

    Number taken = 0;
    Number set_aside = 0;
    Number ticks = 0; // of all taken, the clock's own cost subtracted

    void add(std::uint64_t between, std::uint64_t overhead) noexcept {
        if (between > longest) {
            ++set_aside;
            return;
        }
        ++taken;
        ticks += between > overhead ? between - overhead : 0;
    }
    template <class Other>
    void merge(const basic_call_samples<Other>& other) noexcept {
        taken += other.taken;
        set_aside += other.set_aside;
        ticks += other.ticks;
    }
    double mean_ticks() const noexcept {
        return taken == 0 ? 0.0 : static_cast<double>(ticks) / static_cast<double>(taken);
    }
};
using call_samples = basic_call_samples<std::uint64_t>;

} // namespace packet_server
