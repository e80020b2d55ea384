// Blocks that change size: contents kept, alignment kept or gained, in place where that is possible.
#include "cenote/heap/heap.hpp"

#include "unit/support/heap_parts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace cenote_test {
namespace {

using cenote::heap;

// A number that tells a block and a place in it, at the places that are looked at.
constexpr std::size_t stride = 1021;
void stamp(void* p, std::size_t size, unsigned seed) {
    auto* const bytes = static_cast<unsigned char*>(p);
    for (std::size_t i = 0; i < size; i += size < 4096 ? 1 : stride)
        bytes[i] = static_cast<unsigned char>(seed + i / stride + i);
}
std::size_t wrong_at(const void* p, std::size_t size, std::size_t stamped_as, unsigned seed) {
    const auto* const bytes = static_cast<const unsigned char*>(p);
    for (std::size_t i = 0; i < size; i += stamped_as < 4096 ? 1 : stride)
        if (bytes[i] != static_cast<unsigned char>(seed + i / stride + i)) return i;
    return size;
}

const std::vector<std::size_t> sizes{1,      16,        17,     100,     1000,  4096,      9000,
                                     40'000, 64_KiB,    80_KiB, 300_KiB, 1_MiB, 1_MiB + 1, 3_MiB,
                                     4_MiB,  4_MiB + 1, 5_MiB,  9_MiB,   20_MiB};

TEST(reallocate, keeps_the_contents_from_every_size_to_every_other) {
    heap h;
    unsigned seed = 0;
    for (const std::size_t from : sizes)
        for (const std::size_t to : sizes) {
            void* p = h.allocate(from);
            stamp(p, from, ++seed);
            p = h.reallocate(p, to);
            ASSERT_GE(h.usable_size(p), to);
            const std::size_t kept = std::min(from, to);
            ASSERT_EQ(wrong_at(p, kept, from, seed), kept) << from << " to " << to;
            static_cast<unsigned char*>(p)[to - 1] = 1;
            ASSERT_TRUE(h.is_live(p));
            h.deallocate(p);
        }
    EXPECT_EQ(h.stats().live, 0U);
    EXPECT_TRUE(h.valid());
}

TEST(reallocate, of_nullptr_allocates) {
    heap h;
    void* const p = h.reallocate(nullptr, 100, 64);
    EXPECT_TRUE(cenote::detail::is_aligned(p, 64));
    EXPECT_TRUE(h.is_live(p));
    h.deallocate(p, 100, 64);
}

TEST(reallocate, to_size_0_is_a_block_like_any) {
    heap h;
    for (const std::size_t from : sizes) {
        void* const p = h.reallocate(h.allocate(from), 0);
        ASSERT_NE(p, nullptr);
        EXPECT_TRUE(h.is_live(p));
        h.deallocate(p);
    }
    EXPECT_EQ(h.stats().live, 0U);
}

TEST(reallocate, is_aligned_as_asked_whatever_the_block_was) {
    heap h;
    unsigned seed = 0;
    for (const std::size_t from : sizes)
        for (const std::size_t to : sizes)
            for (const std::size_t alignment :
                 {std::size_t{8}, std::size_t{64}, 4_KiB, 64_KiB, 1_MiB, 2_MiB, 16_MiB}) {
                void* p = h.allocate(from);
                stamp(p, from, ++seed);
                p = h.reallocate(p, to, alignment);
                ASSERT_TRUE(cenote::detail::is_aligned(p, alignment))
                    << from << " to " << to << " at a multiple of " << alignment;
                const std::size_t kept = std::min(from, to);
                ASSERT_EQ(wrong_at(p, kept, from, seed), kept);
                h.deallocate(p);
            }
    EXPECT_EQ(h.stats().live, 0U);
}

// A mapping that happens to lie well must not be moved to where it does not.
TEST(reallocate, keeps_an_alignment_that_the_block_only_happened_to_have) {
    heap h;
    std::vector<void*> held;
    int seen = 0;
    for (int i = 0; i != 40; ++i) {
        void* p = h.allocate(6_MiB + 64_KiB);
        for (std::size_t alignment = 16_MiB; alignment >= 128_KiB; alignment /= 2)
            if (cenote::detail::is_aligned(p, alignment)) {
                ++seen;
                p = h.reallocate(p, 13_MiB, alignment);
                ASSERT_TRUE(cenote::detail::is_aligned(p, alignment)) << alignment;
                break;
            }
        held.push_back(p);
    }
    EXPECT_GT(seen, 0);
    for (void* const p : held)
        h.deallocate(p);
}

TEST(reallocate, within_a_block_stays) {
    heap h;
    for (const std::size_t size : {100U, 1000U, 30'000U}) {
        void* const p = h.allocate(size);
        EXPECT_EQ(h.reallocate(p, h.usable_size(p)), p);
        EXPECT_EQ(h.reallocate(p, size - 1), p);
        h.deallocate(p);
    }
}

TEST(reallocate, of_large_blocks_takes_and_leaves_the_units_behind) {
    heap h;
    void* const p = h.allocate(100_KiB);
    EXPECT_EQ(h.reallocate(p, 900_KiB), p) << "nothing lies behind it";
    EXPECT_EQ(h.usable_size(p), 15 * unit);
    EXPECT_EQ(h.stats().large_live, 15 * unit);
    EXPECT_EQ(h.reallocate(p, 200_KiB), p);
    EXPECT_EQ(h.usable_size(p), 4 * unit);
    EXPECT_EQ(h.stats().large_live, 4 * unit);
    void* const behind = h.allocate(100_KiB);
    EXPECT_EQ(behind, at_offset(p, 4 * unit)) << "what it left is free";
    void* const moved = h.reallocate(p, 500_KiB);
    EXPECT_NE(moved, p) << "somebody lies behind it now";
    h.deallocate(moved);
    h.deallocate(behind);
    EXPECT_EQ(h.stats().live, 0U);
}

TEST(reallocate, of_a_growing_block_never_loses_a_byte) {
    heap h;
    std::size_t size = 1;
    void* p = h.allocate(size);
    stamp(p, size, 7);
    while (size < 40_MiB) {
        const std::size_t larger = size + size / 3 + 1;
        p = h.reallocate(p, larger);
        ASSERT_EQ(wrong_at(p, size, size, 7), size);
        size = larger;
        stamp(p, size, 7);
    }
    while (size > 1) {
        const std::size_t smaller = size / 3 + 1;
        p = h.reallocate(p, smaller);
        ASSERT_EQ(wrong_at(p, smaller, size, 7), smaller);
        if (smaller == size) break;
        size = smaller;
        stamp(p, size, 7);
        if (size <= 2) break;
    }
    h.deallocate(p);
    EXPECT_EQ(h.stats().live, 0U);
}

TEST(reallocate, on_a_source_keeps_the_contents_too) {
    ledger books;
    ledger_source source{books};
    heap h{{.source = source}};
    unsigned seed = 0;
    for (const std::size_t from : {std::size_t{100}, 70_KiB, 2_MiB, 6_MiB})
        for (const std::size_t to : {3_KiB, 200_KiB, 3_MiB, 9_MiB}) {
            void* p = h.allocate(from);
            stamp(p, from, ++seed);
            p = h.reallocate(p, to);
            const std::size_t kept = std::min(from, to);
            ASSERT_EQ(wrong_at(p, kept, from, seed), kept) << from << " to " << to;
            h.deallocate(p);
        }
    EXPECT_EQ(h.stats().live, 0U);
}

TEST(reallocate, gives_the_end_of_a_large_block_back) {
    heap h;
    void* p = h.allocate(200_MiB);
    stamp(p, 200_MiB, 3);
    void* const same = h.reallocate(p, 101_MiB);
    EXPECT_EQ(same, p);
    EXPECT_LE(h.usable_size(same), 101_MiB + 4_KiB);
    EXPECT_LE(h.stats().held, 101_MiB + 4_KiB);
    EXPECT_EQ(wrong_at(same, 101_MiB, 200_MiB, 3), 101_MiB);
    EXPECT_EQ(h.stats().live, h.usable_size(same));
    // By less than an eighth: not worth a call of the system.
    const std::size_t usable = h.usable_size(same);
    EXPECT_EQ(h.usable_size(h.reallocate(same, 95_MiB)), usable);
    EXPECT_TRUE(h.valid());
    h.deallocate(same);
    EXPECT_EQ(h.stats().live, 0U);
}

TEST(reallocate, of_a_large_block_that_moves_needs_no_limit_for_both) {
    heap h{{.limit = 64_MiB}};
    void* p = h.allocate(40_MiB);
    stamp(p, 40_MiB, 5);
    void* const wall = h.try_allocate(5_MiB); // so that it cannot grow where it is, or not for long
    p = h.try_reallocate(p, 50_MiB);
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(wrong_at(p, 40_MiB, 40_MiB, 5), 40_MiB);
    EXPECT_LE(h.stats().most_held, 64_MiB);
    EXPECT_EQ(h.try_reallocate(p, 70_MiB), nullptr);
    EXPECT_EQ(wrong_at(p, 40_MiB, 40_MiB, 5), 40_MiB);
    h.deallocate(wall);
    h.deallocate(p);
}

} // namespace
} // namespace cenote_test
