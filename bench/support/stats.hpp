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

// What is reported of the samples of a row. The quartiles are by nearest rank.
struct spread {
    std::size_t samples = 0;
    double min = 0;
    double lower_quartile = 0;
    double median = 0;
    double upper_quartile = 0;
    double max = 0;
};

inline spread spread_of(std::vector<double> samples) {
    spread found;
    found.samples = samples.size();
    found.min = minimum(samples);
    found.median = median(samples);
    found.lower_quartile = percentile(std::span<double>(samples), 0.25);
    found.upper_quartile = percentile(std::span<double>(samples), 0.75);
    found.max = percentile(std::span<double>(samples), 1.0);
    return found;
}

} // namespace bench
