#include "paired.hpp"

#include <algorithm>
#include <cmath>

namespace cenote::tool {

namespace {

double quantile(const std::vector<double>& sorted, double share) {
    const double at = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

// The largest number k of extreme means that may be left out at each end: P(W < k) <= .025, for the sum W of the ranks that are
// positive. The distribution of W for n: each rank is in the sum or not.
std::size_t left_out(std::size_t n) {
    const std::size_t most = n * (n + 1) / 2;
    std::vector<double> probability(most + 1, 0);
    probability[0] = 1;
    for (std::size_t rank = 1; rank <= n; ++rank)
        for (std::size_t sum = most + 1; sum-- > 0;)
            probability[sum] = (probability[sum] + (sum >= rank ? probability[sum - rank] : 0)) / 2;
    double below = 0;
    std::size_t k = 0;
    while (k <= most && below + probability[k] <= .025)
        below += probability[k++];
    return k;
}

} // namespace

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return quantile(values, .5);
}

double relative_spread(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const double middle = quantile(values, .5);
    return middle != 0 ? (quantile(values, .75) - quantile(values, .25)) / 2 / middle : 0;
}

double ratio_estimate::detectable() const {
    return within ? std::max(ratio / within->low, within->high / ratio) - 1 : 0;
}

ratio_estimate estimate_ratio(const std::vector<double>& values, const std::vector<double>& baseline) {
    std::vector<double> logs;
    for (std::size_t i = 0; i != std::min(values.size(), baseline.size()); ++i)
        logs.push_back(std::log(values[i] / baseline[i]));
    std::vector<double> means;
    for (std::size_t i = 0; i != logs.size(); ++i)
        for (std::size_t j = i; j != logs.size(); ++j)
            means.push_back((logs[i] + logs[j]) / 2);
    ratio_estimate result;
    if (means.empty()) return result;
    std::sort(means.begin(), means.end());
    result.ratio = std::exp(quantile(means, .5));
    if (const std::size_t k = left_out(logs.size()); k != 0)
        result.within = interval{std::exp(means[k - 1]), std::exp(means[means.size() - k])};
    return result;
}

} // namespace cenote::tool
