#include "cenote/base/bits.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>

namespace cenote_test {
namespace {

using namespace cenote::detail;

constexpr std::size_t largest = std::numeric_limits<std::size_t>::max();

TEST(bits, round_up_gives_the_lowest_multiple_that_is_not_below) {
    for (std::size_t alignment = 1; alignment <= 64; alignment *= 2)
        for (std::size_t n = 0; n != 300; ++n) {
            const std::size_t r = round_up(n, alignment);
            EXPECT_EQ(r % alignment, 0U);
            EXPECT_GE(r, n);
            EXPECT_LT(r - n, alignment);
        }
}

TEST(bits, round_down_gives_the_highest_multiple_that_is_not_above) {
    for (std::size_t alignment = 1; alignment <= 64; alignment *= 2)
        for (std::size_t n = 0; n != 300; ++n) {
            const std::size_t r = round_down(n, alignment);
            EXPECT_EQ(r % alignment, 0U);
            EXPECT_LE(r, n);
            EXPECT_LT(n - r, alignment);
        }
}

TEST(bits, round_up_wraps_to_a_small_value_where_there_is_no_multiple) {
    EXPECT_EQ(round_up(largest, 4096), 0U);
    EXPECT_EQ(round_up(largest - 4095, 4096), largest - 4095);
    EXPECT_EQ(round_up(largest, 1), largest);
}

TEST(bits, divide_up_counts_a_rest_as_one_more) {
    EXPECT_EQ(divide_up(0, 7), 0U);
    EXPECT_EQ(divide_up(1, 7), 1U);
    EXPECT_EQ(divide_up(7, 7), 1U);
    EXPECT_EQ(divide_up(8, 7), 2U);
    EXPECT_EQ(divide_up(largest, 1), largest);
    EXPECT_EQ(divide_up(largest, 2), largest / 2 + 1) << "no sum that overflows";
}

TEST(bits, low_bits_sets_as_many_bits_as_asked_from_none_to_all) {
    EXPECT_EQ(low_bits(0), 0U);
    EXPECT_EQ(low_bits(1), 1U);
    EXPECT_EQ(low_bits(63), all_ones >> 1);
    EXPECT_EQ(low_bits(64), all_ones);
    EXPECT_EQ(low_bits(1000), all_ones);
    for (std::size_t n = 0; n <= 64; ++n)
        EXPECT_EQ(count_bits(low_bits(n)), n);
}

TEST(bits, lowest_bit_finds_the_only_bit) {
    for (unsigned b = 0; b != word_bits; ++b)
        EXPECT_EQ(lowest_bit(std::uint64_t{1} << b), b);
}

TEST(bits, lowest_bit_ignores_what_lies_above) {
    EXPECT_EQ(lowest_bit(0x00F0'0FF0'0000'1200U), 9U);
    EXPECT_EQ(lowest_bit(all_ones), 0U);
}

// Without the instruction the library counts by itself; the standard library is the judge.
TEST(bits, count_bits_agrees_with_the_standard_library) {
    std::mt19937_64 random{7};
    for (int i = 0; i != 10'000; ++i) {
        const std::uint64_t word = random() & random();
        ASSERT_EQ(count_bits(word), static_cast<unsigned>(std::popcount(word))) << word;
        ASSERT_EQ(count_bits(~word), static_cast<unsigned>(std::popcount(~word))) << ~word;
    }
    EXPECT_EQ(count_bits(0), 0U);
    EXPECT_EQ(count_bits(all_ones), 64U);
}

TEST(bits, are_usable_at_compile_time) {
    static_assert(round_up(13, 8) == 16 && round_down(13, 8) == 8 && divide_up(13, 8) == 2);
    static_assert(low_bits(3) == 7 && lowest_bit(8) == 3 && count_bits(0xFF) == 8);
}

TEST(bits, is_aligned_looks_at_the_address) {
    alignas(64) const std::byte bytes[128] = {};
    EXPECT_TRUE(is_aligned(bytes, 64));
    EXPECT_TRUE(is_aligned(bytes + 64, 64));
    EXPECT_FALSE(is_aligned(bytes + 32, 64));
    EXPECT_TRUE(is_aligned(bytes + 32, 32));
    EXPECT_FALSE(is_aligned(bytes + 1, 2));
    EXPECT_TRUE(is_aligned(bytes + 1, 1));
    EXPECT_EQ(address_of(bytes + 5) - address_of(bytes), 5U);
}

} // namespace
} // namespace cenote_test
