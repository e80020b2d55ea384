#include "heap/low_water.hpp"

#include <gtest/gtest.h>

namespace cenote_test {
namespace {

using cenote::detail::low_water;

TEST(low_water, all_is_idle_while_nobody_needed_any) {
    low_water water;
    EXPECT_EQ(water.idle(0), 0U);
    water.mark(10);
    EXPECT_EQ(water.idle(30), 30U);
    water.fall(20);
    EXPECT_EQ(water.idle(20), 20U);
}

TEST(low_water, of_what_was_needed_only_the_least_is_idle) {
    low_water water;
    water.mark(10);
    water.use();
    EXPECT_EQ(water.idle(30), 10U) << "what came since the mark is not";
    water.fall(4);
    water.fall(7);
    EXPECT_EQ(water.idle(30), 4U);
    EXPECT_EQ(water.least(), 4U);
}

TEST(low_water, a_new_mark_forgets) {
    low_water water;
    water.mark(10);
    water.use();
    water.fall(1);
    water.mark(8);
    EXPECT_EQ(water.least(), 8U);
    EXPECT_EQ(water.idle(9), 9U);
}

} // namespace
} // namespace cenote_test
