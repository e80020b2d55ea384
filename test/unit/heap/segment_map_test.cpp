#include "heap/segment_map.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::detail;
using namespace cenote::literals;

const void* at(std::uintptr_t address) { return reinterpret_cast<const void*>(address); }

class segment_map_of : public ::testing::Test {
protected:
    ~segment_map_of() override { map->release_all(); }
    std::unique_ptr<segment_map> map = std::make_unique<segment_map>();
    static constexpr std::uintptr_t far = std::uintptr_t{0x1234} << 32;
};

TEST_F(segment_map_of, nothing_finds_every_pointer_foreign) {
    const int local = 0;
    for (const void* p : {at(0), at(1), at(far), at((std::uintptr_t{1} << 48) - 1), at(~std::uintptr_t{0}),
                          static_cast<const void*>(&local)})
        EXPECT_EQ(map->kind_of(p), kind_foreign) << p;
}

TEST_F(segment_map_of, units_has_their_kind_at_every_byte_and_no_other) {
    ASSERT_TRUE(map->cover(far, 4_MiB));
    EXPECT_EQ(map->kind_of(at(far)), kind_foreign);
    map->set(far + unit, 2, 17);
    EXPECT_EQ(map->kind_of(at(far + unit - 1)), kind_foreign);
    EXPECT_EQ(map->kind_of(at(far + unit)), 17);
    EXPECT_EQ(map->kind_of(at(far + 2 * unit + 12345)), 17);
    EXPECT_EQ(map->kind_of(at(far + 3 * unit - 1)), 17);
    EXPECT_EQ(map->kind_of(at(far + 3 * unit)), kind_foreign);
    map->set(far + unit, 2, kind_foreign);
    EXPECT_EQ(map->kind_of(at(far + unit)), kind_foreign);
}

TEST_F(segment_map_of, a_range_over_the_end_of_4_gib_covers_both) {
    const std::uintptr_t first = far + 4_GiB - unit;
    ASSERT_TRUE(map->cover(first, 2 * unit));
    map->set(first, 2, kind_mapping);
    EXPECT_EQ(map->kind_of(at(first)), kind_mapping);
    EXPECT_EQ(map->kind_of(at(first + unit)), kind_mapping);
    EXPECT_EQ(map->kind_of(at(first + 2 * unit)), kind_foreign);
}

TEST_F(segment_map_of, what_was_covered_before_keeps_its_entries) {
    ASSERT_TRUE(map->cover(far, unit));
    map->set(far, 1, 3);
    ASSERT_TRUE(map->cover(far, 4_MiB));
    EXPECT_EQ(map->kind_of(at(far)), 3);
}

TEST_F(segment_map_of, addresses_beyond_48_bits_cannot_be_covered) {
    EXPECT_FALSE(map->cover(std::uintptr_t{1} << 48, unit));
    EXPECT_FALSE(map->cover((std::uintptr_t{1} << 48) - unit, 2 * unit));
    EXPECT_TRUE(map->cover((std::uintptr_t{1} << 48) - unit, unit));
}

TEST_F(segment_map_of, large_blocks_knows_how_many_units_each_has) {
    ASSERT_TRUE(map->cover(far, 8_MiB));
    const auto put = [&](std::size_t first, std::size_t units) {
        map->set(far + first * unit, 1, kind_large);
        map->set(far + (first + 1) * unit, units - 1, kind_inner);
    };
    put(0, 1);
    put(1, 3);
    put(4, 60); // to the end of the segment
    put(64, 64);
    EXPECT_EQ(map->large_units(far), 1U);
    EXPECT_EQ(map->large_units(far + unit), 3U);
    EXPECT_EQ(map->large_units(far + 4 * unit), 60U);
    EXPECT_EQ(map->large_units(far + 64 * unit), 64U);
}

TEST_F(segment_map_of, many_threads_that_cover_the_same_4_gib_loses_no_entry) {
    std::vector<std::thread> threads;
    for (std::uintptr_t t = 0; t != 4; ++t)
        threads.emplace_back([&, t] {
            for (std::uintptr_t i = 0; i != 50; ++i) {
                const std::uintptr_t mine = (i << 32) + t * 4_MiB;
                if (map->cover(mine, 4_MiB)) map->set(mine, 64, static_cast<unit_kind>(t + 1));
            }
        });
    for (std::thread& t : threads)
        t.join();
    for (std::uintptr_t t = 0; t != 4; ++t)
        for (std::uintptr_t i = 0; i != 50; ++i)
            EXPECT_EQ(map->kind_of(at((i << 32) + t * 4_MiB + 1_MiB)), t + 1);
}

} // namespace
} // namespace cenote_test
