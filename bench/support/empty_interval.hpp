// What the clock of single operations costs by itself.
#pragma once

#include "support/clock.hpp"
#include "support/stats.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace bench {

// What the clock adds to every timing, ticks: the median of intervals with nothing in them. Measured again and again, since it
// drifts with the processor's frequency.
inline double ticks_of_nothing() {
    std::array<std::uint32_t, 4096> empty{};
    for (std::uint32_t& t : empty) {
        const std::uint64_t before = ticks_before();
        t = static_cast<std::uint32_t>(ticks_after() - before);
    }
    return percentile(std::span<std::uint32_t>(empty), 0.5);
}

} // namespace bench
