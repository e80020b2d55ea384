// The statistics of `cenote compare`.
#include "tool/measure/paired.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace cenote::tool;

TEST(paired, has_an_interval_of_95_percent_from_six_rounds_on) {
    for (std::size_t n = 1; n != 12; ++n) {
        const std::vector<double> ones(n, 1);
        EXPECT_EQ(estimate_ratio(ones, ones).within.has_value(), n >= 6) << n;
    }
}

// Hollander, Wolfe and Chicken, 2014, "Nonparametric Statistical Methods": for n = 10 the interval of 95 % reaches from the 9th to
// the 47th of the 55 means.
TEST(paired, takes_the_means_that_the_tables_have) {
    const std::vector<double> baseline(10, 1);
    std::vector<double> values;
    for (int i = 0; i != 10; ++i)
        values.push_back(std::exp(std::pow(2.0, i))); // all means differ
    std::vector<double> means;
    for (int i = 0; i != 10; ++i)
        for (int j = i; j != 10; ++j)
            means.push_back((std::pow(2.0, i) + std::pow(2.0, j)) / 2);
    std::sort(means.begin(), means.end());
    const ratio_estimate estimate = estimate_ratio(values, baseline);
    EXPECT_DOUBLE_EQ(std::log(estimate.within->low), means[8]);
    EXPECT_DOUBLE_EQ(std::log(estimate.within->high), means[46]);
}

TEST(paired, sees_through_what_a_round_does_to_both) {
    std::mt19937 random(1);
    std::uniform_real_distribution<double> noise(1, 10);
    std::vector<double> values, baseline;
    for (int i = 0; i != 10; ++i) {
        baseline.push_back(noise(random));
        values.push_back(baseline.back() * 1.03);
    }
    const ratio_estimate estimate = estimate_ratio(values, baseline);
    EXPECT_NEAR(estimate.ratio, 1.03, 1e-9);
    EXPECT_TRUE(estimate.is_more());
}

TEST(paired, is_not_moved_by_one_slow_round) {
    std::vector<double> baseline(10, 1), values(10, 1);
    for (std::size_t i = 0; i != 10; ++i)
        values[i] += .001 * static_cast<double>(i);
    values[3] = 100;
    EXPECT_NEAR(estimate_ratio(values, baseline).ratio, 1.005, .003);
}

TEST(paired, calls_noise_a_difference_in_at_most_five_of_a_hundred) {
    std::mt19937 random(7);
    std::lognormal_distribution<double> noise(0, .1);
    int found = 0;
    for (int trial = 0; trial != 2000; ++trial) {
        std::vector<double> values, baseline;
        for (int i = 0; i != 8; ++i) {
            values.push_back(noise(random));
            baseline.push_back(noise(random));
        }
        const ratio_estimate estimate = estimate_ratio(values, baseline);
        found += estimate.is_more() || estimate.is_less() ? 1 : 0;
        EXPECT_GT(estimate.detectable(), 0);
    }
    EXPECT_LT(found, 2000 * .06);
    EXPECT_GT(found, 2000 * .02); // the test is not merely blind
}

TEST(summaries, of_values) {
    EXPECT_DOUBLE_EQ(median({3, 1, 2}), 2);
    EXPECT_DOUBLE_EQ(median({4, 1, 2, 3}), 2.5);
    EXPECT_DOUBLE_EQ(relative_spread({1, 2, 3, 4, 5}), 1.0 / 3);
    EXPECT_DOUBLE_EQ(median({}), 0);
    EXPECT_DOUBLE_EQ(relative_spread({2, 2, 2}), 0);
}
