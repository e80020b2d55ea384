// The few statistics that are reported.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace bench {

inline double minimum(std::span<const double> samples) {
    return *std::min_element(samples.begin(), samples.end());
}

inline double median(std::vector<double> samples) {
    const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
    std::nth_element(samples.begin(), middle, samples.end());
    if (samples.size() % 2 != 0) return *middle;
    return (*middle + *std::max_element(samples.begin(), middle)) / 2;
}

// The value that the share `q` of the samples does not exceed (nearest rank). Reorders the samples.
template <class Value>
Value percentile(std::span<Value> samples, double q) {
    const double rank = std::ceil(q * static_cast<double>(samples.size()));
    const auto index = static_cast<std::ptrdiff_t>(std::max(rank, 1.0)) - 1;
    std::nth_element(samples.begin(), samples.begin() + index, samples.end());
    return samples[static_cast<std::size_t>(index)];
}

} // namespace bench
