#include "cenote/base/units.hpp"

#include <gtest/gtest.h>

#include <cstddef>

namespace cenote_test {
namespace {

TEST(units, are_powers_of_1024_bytes) {
    using namespace cenote::literals;
    EXPECT_EQ(1_KiB, std::size_t{1024});
    EXPECT_EQ(1_MiB, std::size_t{1024} * 1024);
    EXPECT_EQ(1_GiB, std::size_t{1024} * 1024 * 1024);
    EXPECT_EQ(64_KiB, std::size_t{65536});
    EXPECT_EQ(0_GiB, std::size_t{0});
}

TEST(units, come_with_the_namespace_too) {
    using namespace cenote;
    static_assert(3_MiB == 3 * 1024_KiB);
}

TEST(units, do_not_stop_at_32_bits) {
    using namespace cenote::literals;
    EXPECT_EQ(8_GiB, std::size_t{1} << 33);
}

TEST(units, a_cache_line_is_a_power_of_two) { EXPECT_EQ(cenote::cache_line & (cenote::cache_line - 1), 0U); }

} // namespace
} // namespace cenote_test
