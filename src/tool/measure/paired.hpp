// Layer: tool. Whether one series of measurements differs from another that was taken in turn with it.
//
// Pairs are of one round, so that what the machine did in that round is in both. The estimate of the ratio is that of Hodges and
// Lehmann (1963, "Estimates of location based on rank tests"), over logarithms: the median of the means of all pairs of rounds;
// its interval is that of Wilcoxon's signed-rank test, which is exact for any distribution of the noise that is symmetric in the
// logarithm, and which one slow round does not move. It has 95 % from six rounds on.
#pragma once

#include <optional>
#include <vector>

namespace cenote::tool {

struct interval {
    double low, high;
};

struct ratio_estimate {
    double ratio = 1;
    std::optional<interval> within; // with 95 % or a little more; none with fewer than six rounds

    // More, less, or nothing that would show.
    bool is_more() const { return within && within->low > 1; }
    bool is_less() const { return within && within->high < 1; }
    // The least difference, as a share, that an interval of this width around 1 would have shown.
    double detectable() const;
};

// `values` over `baseline`, round by round; all of them above 0. O(rounds^2 log rounds).
ratio_estimate estimate_ratio(const std::vector<double>& values, const std::vector<double>& baseline);

double median(std::vector<double> values);
// Half of what lies between the quarters, over the median.
double relative_spread(std::vector<double> values);

} // namespace cenote::tool
