#include "cenote/slab/growth.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>

namespace cenote_test {
namespace {

using cenote::growth;
using namespace cenote::literals;

TEST(growth, has_no_limit_and_takes_steps_by_default) {
    constexpr growth g;
    EXPECT_EQ(g.max_objects, growth::no_limit);
    EXPECT_EQ(growth::no_limit, std::numeric_limits<std::size_t>::max());
    EXPECT_EQ(g.first_bytes, 64_KiB);
    EXPECT_EQ(g.segment_bytes, 4_MiB);
    EXPECT_FALSE(g.at_once);
    EXPECT_EQ(growth::unlimited().max_objects, growth::no_limit);
    EXPECT_FALSE(growth::unlimited().at_once);
}

TEST(growth, up_to_limits_and_still_takes_steps) {
    constexpr growth g = growth::up_to(10'000);
    EXPECT_EQ(g.max_objects, 10'000U);
    EXPECT_FALSE(g.at_once);
}

TEST(growth, fixed_limits_and_takes_all_at_once) {
    constexpr growth g = growth::fixed(10'000);
    EXPECT_EQ(g.max_objects, 10'000U);
    EXPECT_TRUE(g.at_once);
}

TEST(growth, steps_change_the_steps_alone) {
    constexpr growth g = growth::fixed(7).steps(16_KiB, 1_MiB);
    EXPECT_EQ(g.first_bytes, 16_KiB);
    EXPECT_EQ(g.segment_bytes, 1_MiB);
    EXPECT_EQ(g.max_objects, 7U);
    EXPECT_TRUE(g.at_once);
}

} // namespace
} // namespace cenote_test
