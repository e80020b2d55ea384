// Layer: tool. What is summed for each stack, function and call site. Of stacks that are drawn these are estimates: each stands for
// as many bytes as are drawn once on average (docs/trace-format.md).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace cenote::tool {

struct measures {
    double bytes = 0; // allocated
    double allocations = 0;
    double live_at_peak = 0; // bytes, where most are live
    double live_at_end = 0;

    measures& operator+=(const measures& other) noexcept {
        bytes += other.bytes;
        allocations += other.allocations;
        live_at_peak += other.live_at_peak;
        live_at_end += other.live_at_end;
        return *this;
    }
    // Whether any of them is at least so much of a whole.
    bool is_share_of(const measures& whole, double share) const noexcept {
        const auto is = [&](double part, double of) { return part > 0 && part >= share * of; };
        return is(bytes, whole.bytes) || is(allocations, whole.allocations) ||
               is(live_at_peak, whole.live_at_peak) || is(live_at_end, whole.live_at_end);
    }
};

// How many allocations of its size one that was drawn stands for.
inline double stack_weight(std::uint64_t size, std::uint64_t interval) noexcept {
    if (interval == 0 || size == 0) return 1;
    return 1 / -std::expm1(-static_cast<double>(size) / static_cast<double>(interval));
}

} // namespace cenote::tool
