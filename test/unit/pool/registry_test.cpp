#include "cenote/pool/registry.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>

namespace cenote_test {
namespace {

using cenote::detail::registry;

TEST(registry, gives_the_lowest_number_that_is_free) {
    const auto numbers = std::make_unique<registry>();
    for (std::uint32_t i = 0; i != 200; ++i)
        EXPECT_EQ(numbers->take_number(0), i);
    numbers->free_number(130);
    numbers->free_number(64);
    EXPECT_EQ(numbers->take_number(0), 64U);
    EXPECT_EQ(numbers->take_number(0), 130U);
    EXPECT_EQ(numbers->take_number(0), 200U);
}

TEST(registry, has_a_million_numbers) {
    static_assert(registry::max_numbers >= 1'000'000);
    const auto numbers = std::make_unique<registry>();
    for (std::uint32_t i = 0; i != 6400; ++i)
        (void)numbers->take_number(0);
    EXPECT_EQ(numbers->take_number(0), 6400U);
}

TEST(registry, takes_back_only_what_is_a_number) {
    const auto numbers = std::make_unique<registry>();
    EXPECT_EQ(numbers->take_number(0), 0U);
    numbers->free_number(registry::no_number);
    EXPECT_EQ(numbers->take_number(0), 1U);
}

TEST(registry, starts_where_it_is_told) {
    const auto numbers = std::make_unique<registry>();
    EXPECT_EQ(numbers->take_number(63), 63U);
    EXPECT_EQ(numbers->take_number(63), 64U);
    EXPECT_EQ(numbers->take_number(0), 0U);
}

} // namespace
} // namespace cenote_test
