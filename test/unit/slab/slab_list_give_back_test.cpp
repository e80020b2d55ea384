// What a slab list gives back to its source: trim, forget_all, release_all and its own death.
#include "cenote/slab/slab_list.hpp"

#include "cenote/source/vm_source.hpp"
#include "unit/support/slab_lists.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::literals;

// A first segment, a second and a third one.
template <class Source>
struct giving_back_to : ::testing::Test {
    giving_back_to() {
        while (list.segments() < 3) {
            EXPECT_TRUE(list.grow(1));
            blocks.push_back(take(list, list.capacity()));
        }
    }
    const std::vector<std::byte*>& in_segment(std::size_t n) const { return blocks[n]; }
    void put_segment(std::size_t n) { put(list, blocks[n]); }

    ledger books;
    slab_list_on<Source> list{small_blocks, small_steps(), Source{books}};
    std::vector<std::vector<std::byte*>> blocks;
};

using giving_back = giving_back_to<ledger_source>;

TEST_F(giving_back, everything_happens_when_the_list_dies) {
    // The books fail the test if not.
    EXPECT_EQ(list.bytes(), books.bytes());
}

TEST_F(giving_back, everything_on_release_and_starts_again) {
    const std::size_t bytes = books.bytes();
    EXPECT_EQ(list.release_all(), bytes);
    EXPECT_EQ(books.bytes(), 0U);
    EXPECT_EQ(list.capacity(), 0U);
    EXPECT_FALSE(list.has_segments());
    EXPECT_FALSE(list.contains(in_segment(0).front()));
    EXPECT_TRUE(list.valid());
    grow_and_take(list, 100);
    EXPECT_TRUE(list.valid());
}

TEST_F(giving_back, trim_of_a_list_in_full_use_gives_nothing) {
    const std::size_t bytes = books.bytes();
    EXPECT_EQ(list.trim(), 0U);
    EXPECT_EQ(books.bytes(), bytes);
    EXPECT_TRUE(list.valid());
}

TEST_F(giving_back, trim_of_an_unused_list_gives_everything) {
    for (std::size_t n = 0; n != 3; ++n)
        put_segment(n);
    const std::size_t bytes = books.bytes();
    EXPECT_EQ(list.trim(), bytes);
    EXPECT_EQ(books.bytes(), 0U);
    EXPECT_EQ(list.capacity(), 0U);
}

TEST_F(giving_back, trim_gives_empty_segments_and_says_how_many_bytes) {
    put_segment(1);
    const std::size_t bytes = books.bytes();
    const std::size_t given = list.trim();
    EXPECT_GT(given, 0U);
    EXPECT_EQ(bytes - books.bytes(), given);
    EXPECT_EQ(list.segments(), 2U);
    EXPECT_EQ(list.capacity(), list.taken());
    EXPECT_FALSE(list.contains(in_segment(1).front()));
    EXPECT_TRUE(list.is_taken(in_segment(0).front()));
    EXPECT_TRUE(list.is_taken(in_segment(2).front()));
    EXPECT_TRUE(list.valid());
}

TEST_F(giving_back, trim_counts_the_table_of_segments_when_it_goes_too) {
    put_segment(1);
    put_segment(2);
    const std::size_t bytes = books.bytes();
    const std::size_t given = list.trim();
    EXPECT_EQ(list.segments(), 1U);
    EXPECT_EQ(bytes - books.bytes(), given);
}

TEST_F(giving_back, trim_keeps_the_first_segment_as_long_as_any_other_is_in_use) {
    put_segment(0);
    EXPECT_EQ(list.trim(), 0U);
    EXPECT_TRUE(list.contains(in_segment(0).front()));
    EXPECT_TRUE(list.valid());
    EXPECT_EQ(take(list, 1).size(), 1U);
}

TEST_F(giving_back, trim_keeps_a_segment_with_one_taken_block) {
    put_segment(1);
    put_segment(2);
    const std::vector<std::byte*> one = take(list, 1);
    list.trim();
    EXPECT_TRUE(list.is_taken(one.front()));
    EXPECT_EQ(list.segments(), 2U);
    EXPECT_TRUE(list.valid());
}

TEST_F(giving_back, trim_twice_gives_nothing_more) {
    put_segment(2);
    EXPECT_GT(list.trim(), 0U);
    EXPECT_EQ(list.trim(), 0U);
    EXPECT_TRUE(list.valid());
}

TEST_F(giving_back, trim_gives_a_segment_that_was_never_opened) {
    ASSERT_TRUE(list.grow(1));
    EXPECT_EQ(list.segments(), 4U);
    EXPECT_GT(list.trim(), 0U);
    EXPECT_EQ(list.segments(), 3U);
    EXPECT_TRUE(list.valid());
}

TEST_F(giving_back, trim_in_part_stops_when_it_gave_so_much) {
    put_segment(1);
    put_segment(2);
    const std::size_t bytes = books.bytes();
    const std::size_t given = list.trim(1).given;
    EXPECT_GT(given, 0U);
    EXPECT_EQ(bytes - books.bytes(), given);
    EXPECT_EQ(list.segments(), 2U) << "one of the two";
    EXPECT_TRUE(list.contains(in_segment(1).front())) << "the newer one went";
    EXPECT_TRUE(list.valid());
    EXPECT_GT(list.trim(given).given, 0U);
    EXPECT_EQ(list.segments(), 1U);
    EXPECT_TRUE(list.valid());
}

TEST_F(giving_back, forget_all_makes_every_block_free_and_keeps_what_the_limit_allows) {
    const std::size_t capacity = list.capacity();
    const std::size_t bytes = books.bytes();
    list.forget_all(growth::no_limit);
    EXPECT_EQ(list.taken(), 0U);
    EXPECT_EQ(list.capacity(), capacity);
    EXPECT_EQ(books.bytes(), bytes);
    EXPECT_TRUE(taken_blocks(list).empty());
    EXPECT_FALSE(list.contains(in_segment(0).front())) << "no block is open";
    EXPECT_TRUE(list.valid());
    const std::size_t calls = books.calls();
    EXPECT_EQ(take(list, capacity + 1).size(), capacity);
    EXPECT_EQ(books.calls(), calls);
    EXPECT_TRUE(list.valid());
}

TEST(giving_back_with_a_limit, never_keeps_more_bytes_than_it_says) {
    std::size_t most = 1;
    for (std::size_t limit = 0; limit < most + 1000; limit += 500) {
        ledger books;
        slab_list list{small_blocks, small_steps(), ledger_source{books}};
        while (list.segments() < 5)
            grow_and_take(list, small_blocks_per_slab);
        most = books.bytes();
        list.forget_all(limit);
        ASSERT_LE(books.bytes(), limit);
        ASSERT_EQ(list.bytes(), books.bytes());
        ASSERT_TRUE(list.valid());
        ASSERT_EQ(take(list, list.capacity() + 1).size(), list.capacity());
        ASSERT_TRUE(list.valid());
        if (limit >= most) {
            ASSERT_EQ(books.bytes(), most);
        }
    }
}

using giving_pages_back = giving_back_to<decommitting_ledger_source>;

TEST_F(giving_pages_back, happens_once_for_a_slab_that_stays_empty) {
    put_segment(0);
    const std::size_t given = list.trim();
    EXPECT_GT(given, 0U);
    EXPECT_EQ(books.decommitted(), given);
    EXPECT_EQ(list.trim(), 0U);
    EXPECT_EQ(books.decommitted(), given);
}

TEST_F(giving_pages_back, happens_again_after_the_slab_was_in_use_again) {
    put_segment(0);
    const std::size_t given = list.trim();
    put(list, take(list, 1));
    EXPECT_EQ(list.trim(), given);
}

TEST_F(giving_pages_back, does_not_happen_to_a_slab_with_one_taken_block) {
    put_segment(0);
    const std::vector<std::byte*> one = take(list, 1);
    EXPECT_EQ(list.trim(), 0U);
    EXPECT_EQ(books.decommitted(), 0U);
    put(list, one);
}

// Two taken blocks of 512 bytes in a slab of 64 KiB, a third of the slab apart: three stretches of free ones.
TEST(giving_pages_back_around_taken_blocks, leaves_what_is_below_two_os_pages) {
    const runtime_geometry g{512, 8};
    ledger books;
    slab_list_on<decommitting_ledger_source> list{g, growth::unlimited().steps(1_MiB, 1_MiB),
                                                  decommitting_ledger_source{books}};
    std::vector<std::byte*> blocks = grow_and_take(list, g.blocks_per_slab());
    std::ranges::sort(blocks);
    const std::vector<std::byte*> kept{blocks[40], blocks[80], blocks[90]};
    for (std::byte* const p : kept)
        std::erase(blocks, p);
    put(list, blocks);
    EXPECT_EQ(list.trim(), (40U + 39U + (g.blocks_per_slab() - 91U)) * 512U) << "the nine between two stay";
    EXPECT_EQ(list.trim(), 0U) << "nothing changed";
    put(list, {kept[0], kept[1]});
    EXPECT_EQ(list.trim(), (90U + (g.blocks_per_slab() - 91U)) * 512U)
        << "and now it did, though nothing was taken";
    put_one(list, kept[2]);
    EXPECT_TRUE(list.valid());
}

TEST(giving_pages_back_to_a_source_that_refuses, is_asked_for_again_the_next_time) {
    const runtime_geometry g{512, 8};
    ledger books;
    slab_list_on<decommitting_ledger_source> list{g, growth::unlimited().steps(1_MiB, 1_MiB),
                                                  decommitting_ledger_source{books}};
    std::vector<std::byte*> blocks = grow_and_take(list, 2 * g.blocks_per_slab());
    const std::vector<std::byte*> kept{blocks.back()};
    blocks.pop_back();
    put(list, blocks);
    books.refuse_decommit(true);
    EXPECT_EQ(list.trim(), 0U);
    EXPECT_TRUE(list.valid());
    books.refuse_decommit(false);
    EXPECT_GE(list.trim(), blocks.size() * 512U) << "as if it had not been refused";
    EXPECT_EQ(list.trim(), 0U);
    put(list, kept);
}

// Ten blocks are 60,000 bytes of a slab of 64 KiB: also the last slab, which the header leaves a little less, has ten.
TEST(giving_pages_back_of_a_last_slab, ends_with_its_segment) {
    const runtime_geometry g{6'000, 16};
    ledger books;
    slab_list_on<decommitting_ledger_source> list{g, growth::unlimited().steps(256_KiB, 256_KiB),
                                                  decommitting_ledger_source{books}};
    while (list.segments() < 2) {
        ASSERT_TRUE(list.grow(1));
        take(list, list.capacity());
    }
    ASSERT_TRUE(list.grow(1));
    std::vector<std::byte*> blocks = take(list, list.capacity());
    ASSERT_EQ(blocks.size(), 4 * g.blocks_per_slab()) << "of a segment alone";
    const std::vector<std::byte*> kept{blocks.front()};
    blocks.erase(blocks.begin());
    put(list, blocks);
    // The books fail the test where it is more than was taken.
    EXPECT_GE(list.trim(), blocks.size() * g.block_size());
    put(list, kept);
}

// The real thing: what stays taken keeps its bytes, and the pages of the rest are gone.
TEST(giving_pages_back_to_the_system, keeps_the_contents_of_taken_blocks) {
    const runtime_geometry g{512, 8};
    slab_list_on<cenote::vm_source> list{g, growth::unlimited().steps(1_MiB, 1_MiB), cenote::vm_source{}};
    const std::vector<std::byte*> blocks = grow_and_take(list, 6000);
    for (std::size_t i = 0; i != blocks.size(); ++i) {
        cenote::detail::show_range(blocks[i], g.block_size());
        std::memset(blocks[i], static_cast<int>(i % 251), g.block_size());
    }
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i != blocks.size(); ++i)
        if (i % 1000 == 7)
            kept.push_back(i);
        else
            put_one(list, blocks[i]);
    EXPECT_GT(list.trim(), 1_MiB);
    EXPECT_TRUE(list.valid());
    for (const std::size_t i : kept)
        for (std::size_t b = 0; b != g.block_size(); ++b)
            ASSERT_EQ(blocks[i][b], static_cast<std::byte>(i % 251)) << i;
    const std::size_t capacity = list.capacity();
    EXPECT_EQ(take(list, capacity).size(), capacity - kept.size());
    EXPECT_TRUE(list.valid());
}

} // namespace
} // namespace cenote_test
