#include "unit/support/heap_parts.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::detail;

// Mappings of 2 MiB, taken and given.
void fill_cache(mapping_ground& ground, int count) {
    std::vector<void*> all;
    for (int i = 0; i != count; ++i)
        all.push_back(ground.mappings.take(2_MiB, 1).base);
    for (void* const p : all)
        ground.mappings.give(p);
}

TEST(mapping_store, gives_zeroed_memory_at_multiples_of_a_unit) {
    mapping_ground ground;
    const auto got = ground.mappings.take(3_MiB + 1, 1);
    ASSERT_NE(got.base, nullptr);
    EXPECT_EQ(got.bytes, round_up(3_MiB + 1, cenote::vm::page_size()));
    EXPECT_EQ(got.dirty, 0U);
    EXPECT_TRUE(is_aligned(got.base, unit));
    EXPECT_EQ(ground.map->kind_of(got.base), kind_mapping);
    EXPECT_EQ(ground.mappings.bytes_of(got.base), got.bytes);
    EXPECT_EQ(ground.mappings.live_bytes(), got.bytes);
    EXPECT_EQ(ground.from.held(), got.bytes);
    EXPECT_TRUE(all_are(got.base, got.bytes, 0));
    fill_with(got.base, got.bytes, 1);
}

TEST(mapping_store, aligns_as_asked) {
    mapping_ground ground;
    for (std::size_t alignment = 1; alignment <= 64_MiB; alignment *= 2)
        EXPECT_TRUE(is_aligned(ground.mappings.take(2_MiB, alignment).base, alignment)) << alignment;
}

TEST(mapping_store, a_mapping_is_given_back_by_its_first_byte_and_once) {
    mapping_ground ground;
    void* const p = ground.mappings.take(2_MiB, 1).base;
    EXPECT_EQ(ground.mappings.give(at_offset(p, 16)), 0U);
    EXPECT_EQ(ground.mappings.bytes_of(at_offset(p, 16)), 0U);
    EXPECT_EQ(ground.mappings.give(p), 2_MiB);
    EXPECT_EQ(ground.map->kind_of(p), kind_foreign);
    EXPECT_EQ(ground.mappings.give(p), 0U) << "twice";
    EXPECT_EQ(ground.mappings.bytes_of(p), 0U);
    EXPECT_EQ(ground.mappings.live_bytes(), 0U);
}

TEST(mapping_store, gives_its_end_back_when_it_shrinks) {
    mapping_ground ground;
    void* const p = ground.mappings.take(8_MiB, 1).base;
    void* const other = ground.mappings.take(2_MiB, 1).base;
    EXPECT_EQ(ground.mappings.shrink(p, 3_MiB + 1), 8_MiB - round_up(3_MiB + 1, cenote::vm::page_size()));
    EXPECT_EQ(ground.mappings.bytes_of(p), round_up(3_MiB + 1, cenote::vm::page_size()));
    EXPECT_EQ(ground.mappings.live_bytes(), ground.mappings.bytes_of(p) + 2_MiB);
    EXPECT_EQ(ground.from.held(), ground.mappings.live_bytes());
    EXPECT_TRUE(ground.mappings.valid());
    EXPECT_EQ(ground.mappings.shrink(p, 4_MiB), 0U) << "it is smaller than that";
    EXPECT_EQ(ground.mappings.shrink(at_offset(other, 16), 1_MiB), 0U) << "no mapping begins there";
}

TEST(mapping_store, hands_out_what_was_freed_where_it_fits_within_a_quarter) {
    mapping_ground ground;
    void* const p = ground.mappings.take(4_MiB, 1).base;
    ground.mappings.give(p);
    EXPECT_EQ(ground.mappings.cached_bytes(), 4_MiB);
    const auto too_small = ground.mappings.take(2_MiB, 1);
    EXPECT_NE(too_small.base, p) << "half of it would be wasted";
    const auto fitting = ground.mappings.take(3_MiB + 512_KiB, 1);
    EXPECT_EQ(fitting.base, p);
    EXPECT_EQ(fitting.bytes, 4_MiB);
    EXPECT_EQ(fitting.dirty, 4_MiB) << "it was used before";
    EXPECT_EQ(ground.mappings.cached_bytes(), 0U);
}

TEST(mapping_store, of_several_that_fit_the_smallest_is_taken) {
    mapping_ground ground;
    std::vector<void*> all;
    for (const std::size_t bytes : {5_MiB, 4_MiB + 256_KiB, 4_MiB + 512_KiB})
        all.push_back(ground.mappings.take(bytes, 1).base);
    for (void* const p : all)
        ground.mappings.give(p);
    EXPECT_EQ(ground.mappings.take(4_MiB + 128_KiB, 1).base, all[1]);
    EXPECT_EQ(ground.mappings.take(4_MiB + 128_KiB, 1).base, all[2]);
    EXPECT_EQ(ground.mappings.take(4_MiB + 128_KiB, 1).base, all[0]);
}

TEST(mapping_store, what_is_too_small_is_made_larger_and_tells_what_of_it_was_used) {
    mapping_ground ground;
    void* const small = ground.mappings.take(3_MiB, 1).base;
    fill_with(small, 3_MiB, 0xAB);
    ground.mappings.give(small);
    const auto larger = ground.mappings.take(5_MiB, 1);
    ASSERT_NE(larger.base, nullptr);
    EXPECT_EQ(larger.dirty, 3_MiB);
    EXPECT_TRUE(all_are(at_offset(larger.base, larger.dirty), larger.bytes - larger.dirty, 0));
    EXPECT_EQ(ground.mappings.cached_bytes(), 0U);
    EXPECT_EQ(ground.from.held(), 5_MiB);
}

TEST(mapping_store, does_not_hand_out_a_cached_one_that_is_not_aligned_enough) {
    mapping_ground ground;
    fill_cache(ground, 9);
    for (std::size_t alignment = 1_MiB; alignment <= 16_MiB; alignment *= 2)
        EXPECT_TRUE(is_aligned(ground.mappings.take(2_MiB, alignment).base, alignment));
}

TEST(mapping_store, keeps_a_bounded_number_of_bounded_bytes) {
    mapping_ground ground;
    std::vector<void*> all;
    for (int i = 0; i != 300; ++i)
        all.push_back(ground.mappings.take(2_MiB, 1).base);
    for (std::size_t i = 0; i != all.size(); ++i) {
        ground.mappings.give(all[i]);
        ASSERT_LE(ground.mappings.cached_bytes(), std::max(64_MiB, ground.mappings.live_bytes() / 2 + 2_MiB));
        ASSERT_EQ(ground.from.held(), ground.mappings.live_bytes() + ground.mappings.cached_bytes());
    }
    const std::size_t cached = ground.mappings.cached_bytes();
    EXPECT_GT(cached, 0U);
    EXPECT_EQ(ground.mappings.purge(), cached);
    EXPECT_EQ(ground.mappings.cached_bytes(), 0U);
    EXPECT_EQ(ground.from.held(), 0U);
}

TEST(mapping_store, of_what_was_used_since_the_mark_nothing_is_purged_as_idle) {
    mapping_ground ground;
    fill_cache(ground, 6);
    EXPECT_EQ(ground.mappings.purge_idle(), 0U) << "at the mark, nothing was cached yet";
    fill_cache(ground, 2);
    EXPECT_EQ(ground.mappings.purge_idle(), 8_MiB);
    EXPECT_EQ(ground.mappings.cached_bytes(), 4_MiB);
    ground.mappings.mark();
    EXPECT_EQ(ground.mappings.purge_idle(), 4_MiB);
    EXPECT_EQ(ground.from.held(), 0U);
    void* const p = ground.mappings.take(2_MiB, 1).base;
    ground.mappings.mark();
    ground.mappings.give(p);
    EXPECT_EQ(ground.mappings.purge_idle(), 2_MiB) << "none was taken";
}

TEST(mapping_store, one_larger_than_the_cache_goes_back_at_once) {
    mapping_ground ground;
    void* const p = ground.mappings.take(1_GiB, 1).base;
    ASSERT_NE(p, nullptr);
    ground.mappings.give(p);
    EXPECT_EQ(ground.mappings.cached_bytes(), 0U);
    EXPECT_EQ(ground.from.held(), 0U);
}

TEST(mapping_store, resized_keeps_its_contents_wherever_it_goes) {
    mapping_ground ground;
    auto m = ground.mappings.take(2_MiB, 1);
    fill_with(m.base, m.bytes, 0x5A);
    for (const std::size_t bytes : {2_MiB + 4096, 3_MiB, 9_MiB, 40_MiB}) {
        void* const before = m.base;
        m = ground.mappings.resize(m.base, bytes);
        ASSERT_NE(m.base, nullptr);
        EXPECT_EQ(m.bytes, bytes);
        EXPECT_EQ(ground.mappings.bytes_of(m.base), bytes);
        EXPECT_EQ(ground.map->kind_of(m.base), kind_mapping);
        if (m.base != before) {
            EXPECT_EQ(ground.map->kind_of(before), kind_foreign);
        }
        EXPECT_TRUE(all_are(m.base, 2_MiB, 0x5A));
        EXPECT_TRUE(all_are(at_offset(m.base, 2_MiB), bytes - 2_MiB, 0));
        EXPECT_EQ(ground.from.held(), bytes);
        EXPECT_TRUE(ground.mappings.valid());
    }
}

TEST(mapping_store, resize_refuses_what_it_cannot_and_changes_nothing) {
    mapping_ground ground;
    const auto m = ground.mappings.take(2_MiB, 1);
    EXPECT_EQ(ground.mappings.resize(m.base, 1_MiB).base, nullptr) << "smaller";
    EXPECT_EQ(ground.mappings.resize(m.base, std::size_t{1} << 50).base, nullptr);
    EXPECT_EQ(ground.mappings.resize(at_offset(m.base, 4096), 4_MiB).base, nullptr);
    ground.from.set_limit(3_MiB);
    EXPECT_EQ(ground.mappings.resize(m.base, 4_MiB).base, nullptr);
    EXPECT_EQ(ground.mappings.bytes_of(m.base), 2_MiB);
    EXPECT_EQ(ground.from.held(), 2_MiB);
}

TEST(mapping_store, resize_of_a_sources_memory_is_refused) {
    ledger books;
    ledger_source source{books};
    mapping_ground ground{source};
    const auto m = ground.mappings.take(2_MiB, 1);
    EXPECT_EQ(m.dirty, m.bytes) << "a source promises no zeroes";
    EXPECT_EQ(ground.mappings.resize(m.base, 3_MiB).base, nullptr);
    EXPECT_EQ(ground.mappings.bytes_of(m.base), 2_MiB);
}

TEST(mapping_store, refused_drops_what_is_cached_and_asks_again) {
    mapping_ground ground;
    ground.from.set_limit(8_MiB);
    ground.mappings.give(ground.mappings.take(3_MiB, 1).base);
    EXPECT_EQ(ground.from.held(), 3_MiB);
    EXPECT_NE(ground.mappings.take(7_MiB, 1).base, nullptr);
    EXPECT_EQ(ground.from.held(), 7_MiB);
    EXPECT_EQ(ground.mappings.take(2_MiB, 1).base, nullptr);
    EXPECT_TRUE(ground.mappings.valid());
}

TEST(mapping_store, refuses_what_no_address_space_holds) {
    mapping_ground ground;
    EXPECT_EQ(ground.mappings.take(static_cast<std::size_t>(-1), 1).base, nullptr);
    EXPECT_EQ(ground.mappings.take(std::size_t{1} << 48, 1).base, nullptr);
    EXPECT_EQ(ground.mappings.take(2_MiB, std::size_t{1} << 60).base, nullptr);
    EXPECT_EQ(ground.from.held(), 0U);
}

TEST(mapping_store, random_operations_lose_nothing) {
    mapping_ground ground;
    std::mt19937 random{5};
    struct block {
        void* base;
        std::size_t bytes;
    };
    std::vector<block> live;
    std::size_t bytes = 0;
    for (int i = 0; i != 3000; ++i) {
        if (random() % 50 == 0) ground.mappings.purge();
        if (live.size() < random() % 40) {
            const std::size_t wanted = 1_MiB + random() % 8_MiB;
            const auto got = ground.mappings.take(wanted, std::size_t{1} << (random() % 24));
            ASSERT_NE(got.base, nullptr);
            ASSERT_GE(got.bytes, wanted);
            live.push_back({got.base, got.bytes});
            bytes += got.bytes;
        } else if (!live.empty()) {
            std::swap(live[random() % live.size()], live.back());
            block& b = live.back();
            bytes -= b.bytes;
            if (random() % 3 == 0) {
                const auto got = ground.mappings.resize(b.base, b.bytes + random() % 4_MiB);
                ASSERT_NE(got.base, nullptr);
                b = {got.base, got.bytes};
                bytes += b.bytes;
            } else {
                ASSERT_EQ(ground.mappings.give(b.base), b.bytes);
                live.pop_back();
            }
        }
        ASSERT_EQ(ground.mappings.live_bytes(), bytes);
        ASSERT_EQ(ground.from.held(), bytes + ground.mappings.cached_bytes());
        if (i % 100 == 0) {
            ASSERT_TRUE(ground.mappings.valid());
        }
    }
}

} // namespace
} // namespace cenote_test
