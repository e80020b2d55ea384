// Zeroed blocks are zero whatever the memory held before: fresh, freed, purged, grown into, of a source.
#include "cenote/heap/heap.hpp"

#include "unit/support/heap_parts.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <vector>

namespace cenote_test {
namespace {

using cenote::heap;

const std::vector<std::size_t> many_sizes{1,      8,      24,        100,      1000,    5000,
                                          30'000, 64_KiB, 65_KiB,    130_KiB,  700_KiB, 1_MiB,
                                          3_MiB,  4_MiB,  4_MiB + 1, 7_MiB + 5};

void* dirtied(heap& h, std::size_t size) {
    void* const p = h.allocate(size);
    fill_with(p, h.usable_size(p), 0xDB);
    return p;
}

TEST(zeroed, fresh_memory_is) {
    heap h;
    for (const std::size_t size : many_sizes) {
        void* const p = h.allocate_zeroed(size);
        EXPECT_TRUE(all_are(p, size, 0)) << size;
        h.deallocate(p, size);
    }
}

TEST(zeroed, memory_that_was_used_before_is) {
    heap h;
    for (const std::size_t size : many_sizes) {
        for (int round = 0; round != 3; ++round) {
            h.deallocate(dirtied(h, size));
            void* const p = h.allocate_zeroed(size);
            ASSERT_TRUE(all_are(p, size, 0)) << size;
            fill_with(p, h.usable_size(p), 0xDB);
            h.deallocate(p);
        }
    }
}

TEST(zeroed, aligned_blocks_are) {
    heap h;
    for (const std::size_t size : many_sizes)
        for (const std::size_t alignment : {std::size_t{64}, 4_KiB, 128_KiB, 1_MiB, 8_MiB}) {
            for (int round = 0; round != 2; ++round) {
                void* const p = h.allocate_zeroed(size, alignment);
                ASSERT_TRUE(cenote::detail::is_aligned(p, alignment));
                ASSERT_TRUE(all_are(p, size, 0)) << size << " at a multiple of " << alignment;
                fill_with(p, h.usable_size(p), 0xDB);
                h.deallocate(p);
            }
        }
}

TEST(zeroed, memory_that_went_back_to_the_os_is) {
    heap h;
    void* const kept = h.allocate(100_KiB);
    for (const std::size_t size : many_sizes) {
        h.deallocate(dirtied(h, size));
        h.trim();
        void* const p = h.allocate_zeroed(size);
        EXPECT_TRUE(all_are(p, size, 0)) << size;
        h.deallocate(p);
    }
    h.deallocate(kept);
}

TEST(zeroed, larger_blocks_over_smaller_ones_that_were_used_are) {
    heap h;
    for (const std::size_t larger : {200_KiB, 600_KiB, 1_MiB, 3_MiB, 4_MiB}) {
        std::vector<void*> parts;
        for (std::size_t i = 0; i != 40; ++i)
            parts.push_back(i % 3 == 2 ? h.allocate(70_KiB) : dirtied(h, 70_KiB));
        for (void* const p : parts)
            h.deallocate(p);
        void* const p = h.allocate_zeroed(larger);
        EXPECT_TRUE(all_are(p, larger, 0)) << larger;
        h.deallocate(p);
    }
}

// Mappings that are handed out again larger than they were, and blocks that shrank or grew in place.
TEST(zeroed, blocks_after_changes_of_size_are) {
    heap h;
    std::mt19937 random{17};
    for (int i = 0; i != 30; ++i) {
        const std::size_t size = (1 + random() % 24) * 512_KiB;
        void* p = h.allocate_zeroed(size);
        ASSERT_TRUE(all_are(p, size, 0)) << size << " in round " << i;
        fill_with(p, size, 0xDB);
        const std::size_t other = (1 + random() % 24) * 512_KiB;
        p = h.reallocate(p, other);
        fill_with(p, other, 0xDB);
        h.deallocate(p);
    }
    EXPECT_TRUE(h.valid());
}

TEST(zeroed, memory_of_a_source_that_promises_nothing_is) {
    ledger books;
    decommitting_ledger_source source{books};
    heap h{{.source = source}};
    for (int round = 0; round != 2; ++round) {
        for (const std::size_t size : many_sizes) {
            void* const p = h.allocate_zeroed(size);
            ASSERT_TRUE(all_are(p, size, 0)) << size;
            fill_with(p, size, 0xDB);
            h.deallocate(p);
        }
        h.trim();
    }
}

#ifdef __linux__
// What was never written is not written: a large zeroed block of fresh memory takes no memory.
TEST(zeroed, large_fresh_blocks_are_not_resident) {
    heap h;
    for (const std::size_t size : {3_MiB, 64_MiB}) {
        void* const p = h.allocate_zeroed(size);
        const std::size_t page = cenote::vm::page_size();
        std::vector<unsigned char> states(size / page);
        ASSERT_EQ(::mincore(p, size, states.data()), 0);
        std::size_t resident = 0;
        for (const unsigned char s : states)
            resident += s & 1U;
        EXPECT_EQ(resident, 0U) << size;
        h.deallocate(p);
    }
}
#endif

} // namespace
} // namespace cenote_test
