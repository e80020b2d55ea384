#include "cenote/pool/spare_pages.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace cenote_test {
namespace {

using cenote::detail::spare_pages;
using namespace cenote::literals;

struct alignas(16) piece {
    std::byte bytes[8_KiB];
};

TEST(spare_pages, has_none_at_first) {
    spare_pages spare;
    EXPECT_EQ(spare.take(4_KiB), nullptr);
    EXPECT_EQ(spare.take(8_KiB), nullptr);
}

TEST(spare_pages, gives_back_what_it_kept_for_the_same_size_only) {
    spare_pages spare;
    const auto small = std::make_unique<piece>();
    const auto large = std::make_unique<piece>();
    EXPECT_TRUE(spare.keep(small.get(), 4_KiB));
    EXPECT_EQ(spare.take(8_KiB), nullptr);
    EXPECT_TRUE(spare.keep(large.get(), 8_KiB));
    EXPECT_EQ(spare.take(4_KiB), small.get());
    EXPECT_EQ(spare.take(4_KiB), nullptr);
    EXPECT_EQ(spare.take(8_KiB), large.get());
}

TEST(spare_pages, keeps_a_bounded_number_of_two_sizes) {
    spare_pages spare;
    std::vector<piece> pieces(spare_pages::most + 1);
    EXPECT_FALSE(spare.keep(&pieces[0], 12_KiB));
    for (std::size_t i = 0; i != spare_pages::most; ++i)
        EXPECT_TRUE(spare.keep(&pieces[i], 8_KiB));
    EXPECT_FALSE(spare.keep(&pieces.back(), 8_KiB));
    for (std::size_t i = 0; i != spare_pages::most; ++i)
        EXPECT_NE(spare.take(8_KiB), nullptr);
    EXPECT_EQ(spare.take(8_KiB), nullptr);
    EXPECT_TRUE(spare.keep(&pieces.back(), 8_KiB));
}

} // namespace
} // namespace cenote_test
