#include "cenote/base/algorithm.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace cenote_test {
namespace {

namespace detail = cenote::detail;

TEST(algorithm, finds_the_lesser_and_the_greater) {
    static_assert(detail::min(1, 2) == 1 && detail::min(2, 1) == 1);
    static_assert(detail::max(1, 2) == 2 && detail::max(2, 1) == 2);
    static_assert(detail::min<std::size_t>(3, 4) == 3);
}

TEST(algorithm, clamps_from_both_sides) {
    static_assert(detail::clamp(5, 1, 9) == 5);
    static_assert(detail::clamp(0, 1, 9) == 1);
    static_assert(detail::clamp(10, 1, 9) == 9);
}

TEST(algorithm, copies_also_onto_itself) {
    int numbers[] = {1, 2, 3, 4};
    detail::copy_items(numbers, 3, numbers + 1);
    EXPECT_EQ(numbers[1], 1);
    EXPECT_EQ(numbers[3], 3);
    detail::copy_items(numbers + 1, 3, numbers);
    EXPECT_EQ(numbers[2], 3);
}

TEST(algorithm, zeroes_as_many_as_it_is_told) {
    std::uint16_t numbers[] = {1, 2, 3};
    detail::zero_n(numbers, 2);
    EXPECT_EQ(numbers[1], 0);
    EXPECT_EQ(numbers[2], 3);
}

} // namespace
} // namespace cenote_test
