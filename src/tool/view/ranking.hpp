// Layer: tool. Of many only those that matter, and figures as whole numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace cenote::tool {

// What a damaged trace makes too large for any number stays the largest.
inline std::uint64_t rounded(double value) {
    constexpr double most = 9e18;
    return static_cast<std::uint64_t>(std::llround(std::clamp(value, 0.0, most)));
}

// The numbers with the largest weights, at most `most`, largest first; those without any weight are left out.
inline std::vector<std::size_t> heaviest(const std::vector<double>& weights, std::size_t most) {
    std::vector<std::size_t> all(weights.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::erase_if(all, [&](std::size_t i) { return weights[i] <= 0; });
    std::stable_sort(all.begin(), all.end(),
                     [&](std::size_t a, std::size_t b) { return weights[a] > weights[b]; });
    if (all.size() > most) all.resize(most);
    return all;
}

} // namespace cenote::tool
