#include "cenote/base/poison.hpp"

#include <gtest/gtest.h>

#include <cstddef>

namespace cenote_test {
namespace {

using namespace cenote::detail;

constexpr bool asan = CENOTE_ASAN != 0;

struct poisoning : ::testing::Test {
    ~poisoning() override { show_range(bytes, sizeof bytes); }
    alignas(64) std::byte bytes[128] = {};
};

TEST_F(poisoning, marks_the_range_and_nothing_else_where_asan_is_on) {
    poison(bytes + 32, 64);
    EXPECT_FALSE(is_poisoned(bytes + 31));
    EXPECT_EQ(is_poisoned(bytes + 32), asan);
    EXPECT_EQ(is_poisoned(bytes + 95), asan);
    EXPECT_FALSE(is_poisoned(bytes + 96));
}

TEST_F(poisoning, is_undone_for_a_part_of_the_range) {
    poison(bytes, 128);
    unpoison(bytes + 64, 16);
    EXPECT_EQ(is_poisoned(bytes + 63), asan);
    EXPECT_FALSE(is_poisoned(bytes + 64));
    EXPECT_FALSE(is_poisoned(bytes + 79));
    EXPECT_EQ(is_poisoned(bytes + 80), asan);
}

TEST_F(poisoning, hides_and_shows_ranges_for_slow_paths_alike) {
    hide_range(bytes, 64);
    EXPECT_EQ(is_poisoned(bytes), asan);
    show_range(bytes, 64);
    EXPECT_FALSE(is_poisoned(bytes));
}

TEST_F(poisoning, leaves_the_contents_alone) {
    bytes[40] = std::byte{42};
    poison(bytes, 128);
    unpoison(bytes, 128);
    EXPECT_EQ(bytes[40], std::byte{42});
}

} // namespace
} // namespace cenote_test
