// The file of counts: that reader and writer are of one build shows in its layout.
#include "override/counting/counts.hpp"

#include <gtest/gtest.h>

#include <cstddef>

namespace cenote::detail::counting {
namespace {

TEST(layout_of_counts, ends_with_the_last_figures_and_not_with_their_pages) {
    EXPECT_EQ(right_layout >> 32, offsetof(file_header, classes) + sizeof(file_header::classes));
    EXPECT_EQ((right_layout >> 8) & 0xff'ffff,
              offsetof(thread_counts, random) + sizeof(thread_counts::random));
    EXPECT_EQ(right_layout & 0xff, kinds);
    EXPECT_EQ(sizeof(file_header) % 4096, 0U);
    EXPECT_EQ(sizeof(thread_counts), 4096U) << "a page of a thread's own";
}

} // namespace
} // namespace cenote::detail::counting
