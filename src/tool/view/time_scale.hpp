// Layer: tool. The columns that a trace's time is divided into: what a page shows of ten million events is a state for each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace cenote::tool {

// The last of them is the end.
inline constexpr std::size_t view_columns = 1'000;
// The map has a state for every fifth column, for the one with the peak, and for the end.
inline constexpr std::size_t columns_a_moment = 5;

class time_scale {
public:
    // From 0 to the time of the last event, in nanoseconds.
    explicit time_scale(std::uint64_t last) noexcept : last_(last) {}

    std::size_t column_of(std::uint64_t time) const noexcept {
        const double part = static_cast<double>(time) / (static_cast<double>(last_) + 1);
        return std::min(view_columns - 2, static_cast<std::size_t>(part * (view_columns - 1)));
    }
    std::uint64_t last() const noexcept { return last_; }

private:
    std::uint64_t last_;
};

} // namespace cenote::tool
