#include "cenote/heap/size_class.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstddef>

namespace cenote_test {
namespace {

using namespace cenote::detail;
using namespace cenote::literals;

TEST(size_classes, are_sorted_and_end_at_the_largest_size) {
    EXPECT_EQ(class_size(no_class), 0U);
    for (size_class c = 1; c <= last_class; ++c)
        EXPECT_LT(class_size(static_cast<size_class>(c - 1)), class_size(c));
    EXPECT_EQ(class_size(last_class), max_class_size);
}

TEST(size_classes, are_8_bytes_apart_up_to_128_and_then_at_most_an_eighth) {
    for (size_class c = 2; c <= last_class; ++c) {
        const std::size_t below = class_size(static_cast<size_class>(c - 1));
        if (class_size(c) <= 128)
            EXPECT_EQ(class_size(c) - below, 8U);
        else
            EXPECT_LE((class_size(c) - below) * 8, below) << "class " << unsigned{c};
    }
}

TEST(size_classes, are_aligned_to_what_divides_their_size) {
    for (size_class c = 1; c <= last_class; ++c) {
        EXPECT_TRUE(std::has_single_bit(class_alignment(c)));
        EXPECT_EQ(class_size(c) % class_alignment(c), 0U);
        EXPECT_LE(class_alignment(c), max_class_alignment);
        if (class_alignment(c) < max_class_alignment) {
            EXPECT_NE(class_size(c) % (2 * class_alignment(c)), 0U);
        }
    }
}

// The least class for a request, looked for one by one.
size_class by_search(std::size_t size, std::size_t alignment) {
    for (size_class c = 1; c <= last_class; ++c)
        if (class_size(c) >= size && class_size(c) % alignment == 0) return c;
    return no_class;
}

TEST(class_for, is_the_least_one_of_a_multiple_of_16_for_every_size) {
    for (std::size_t size = 0; size <= max_class_size; ++size)
        ASSERT_EQ(class_for(size), by_search(size, 16)) << "size " << size;
}

TEST(class_for, with_an_alignment_is_the_least_one_at_its_multiples_for_every_size) {
    for (std::size_t alignment = 1; alignment <= max_class_alignment; alignment *= 2)
        for (std::size_t size = 0; size <= max_class_size; size += size < 2_KiB ? 1U : 61U) {
            const size_class c = class_for(size, alignment);
            ASSERT_EQ(c, by_search(size, alignment)) << "size " << size << " at a multiple of " << alignment;
            ASSERT_GE(class_alignment(c), alignment);
        }
}

TEST(class_for, the_largest_size_at_every_alignment_is_the_last_class) {
    for (std::size_t alignment = 1; alignment <= max_class_alignment; alignment *= 2)
        EXPECT_EQ(class_for(max_class_size, alignment), last_class);
}

TEST(class_for, both_forms_agree_where_16_is_asked) {
    for (std::size_t size = 0; size <= max_class_size; ++size)
        ASSERT_EQ(class_for(size), class_for(size, 16)) << "size " << size;
}

} // namespace
} // namespace cenote_test
