#include "memory/size_classes.hpp"

#include <gtest/gtest.h>

namespace packet_server {

TEST(SizeClasses, EverySizeGetsTheSmallestBlockThatHoldsIt) {
    for (std::size_t bytes = 1; bytes <= size_classes::largest; ++bytes) {
        const std::size_t index = size_classes::of(bytes);
        ASSERT_LT(index, size_classes::count) << bytes;
        ASSERT_GE(size_classes::block_size(index), bytes);
        if (index > 0) {
            ASSERT_LT(size_classes::block_size(index - 1), bytes);
        }
    }
}

TEST(SizeClasses, BlocksGrowAndAreMultiplesOf16) {
    for (std::size_t i = 0; i < size_classes::count; ++i) {
        EXPECT_EQ(size_classes::block_size(i) % 16, 0U);
        if (i > 0) {
            EXPECT_GT(size_classes::block_size(i), size_classes::block_size(i - 1));
        }
    }
}

TEST(SizeClasses, AtMostAFifthIsLeftOverAbove64Bytes) {
    for (std::size_t bytes = 65; bytes <= size_classes::largest; ++bytes) {
        const std::size_t block = size_classes::room(bytes);
        ASSERT_LE((block - bytes) * 5, block) << bytes;
    }
}

TEST(SizeClasses, RoomKeepsTheClass) {
    for (std::size_t bytes = 1; bytes <= size_classes::largest; ++bytes) {
        ASSERT_EQ(size_classes::of(size_classes::room(bytes)), size_classes::of(bytes));
    }
    EXPECT_EQ(size_classes::room(0), 0U);
    EXPECT_EQ(size_classes::room(20'000), 20'000U);
}

} // namespace packet_server
