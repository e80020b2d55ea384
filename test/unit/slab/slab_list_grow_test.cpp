// How a slab list grows: limits that are exact, and failures that leave nothing behind.
#include "cenote/slab/slab_list.hpp"

#include "cenote/source/decorators.hpp"
#include "unit/support/slab_lists.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::literals;

constexpr std::size_t largest_size = std::numeric_limits<std::size_t>::max();

struct growing : ::testing::Test {
    ledger books;
    ledger_source source{books};
};

TEST_F(growing, stops_exactly_at_the_limit) {
    for (const std::size_t limit : {0U, 1U, 2U, 63U, 64U, 65U, 1000U, 4096U, 4097U, 9000U})
        for (const growth& policy : {small_steps(growth::up_to(limit)), small_steps(growth::fixed(limit))}) {
            SCOPED_TRACE(limit);
            slab_list list{small_blocks, policy, source};
            std::size_t taken = 0;
            while (list.grow(1)) {
                const std::size_t got = take(list, 1000).size();
                ASSERT_GT(got, 0U);
                taken += got;
                ASSERT_LE(list.capacity(), limit);
            }
            EXPECT_EQ(taken, limit);
            EXPECT_EQ(list.capacity(), limit);
            EXPECT_EQ(list.max_objects(), limit);
            EXPECT_TRUE(list.valid());
        }
}

TEST_F(growing, counts_what_is_taken_against_the_limit) {
    slab_list list{small_blocks, growth::up_to(100), source};
    const std::vector<std::byte*> blocks = grow_and_take(list, 60);
    EXPECT_FALSE(list.grow(41));
    EXPECT_TRUE(list.grow(40));
    put(list, blocks);
    EXPECT_TRUE(list.grow(100));
    EXPECT_FALSE(list.grow(101));
}

TEST_F(growing, at_once_takes_the_room_for_all_objects_and_then_no_more) {
    for (const std::size_t objects : {10U, 4096U, 300'000U}) {
        slab_list list{small_blocks, small_steps(growth::fixed(objects)), source};
        ASSERT_TRUE(list.grow(1));
        EXPECT_EQ(list.capacity(), objects);
        const std::size_t calls = books.calls();
        EXPECT_TRUE(list.grow(objects));
        EXPECT_EQ(books.calls(), calls);
    }
}

TEST_F(growing, at_once_makes_do_with_what_the_source_has) {
    using limited = cenote::limiting_source<ledger_source>;
    slab_list_on<limited> list{{64, 16}, growth::fixed(1'000'000), limited{100'000, source}};
    ASSERT_TRUE(list.grow(1));
    EXPECT_GT(list.capacity(), 500U);
    EXPECT_LT(list.capacity(), 1'000'000U);
    EXPECT_TRUE(list.valid());
}

TEST_F(growing, does_not_ask_the_source_for_what_is_there) {
    slab_list list{small_blocks, growth::unlimited(), source};
    ASSERT_TRUE(list.grow(1));
    const std::size_t calls = books.calls();
    EXPECT_TRUE(list.grow(list.capacity()));
    EXPECT_EQ(books.calls(), calls);
    EXPECT_TRUE(list.grow(list.capacity() + 1));
    EXPECT_GT(books.calls(), calls);
}

TEST_F(growing, by_more_than_any_memory_holds_is_refused_without_a_call) {
    slab_list list{{64, 16}, growth::unlimited(), source};
    EXPECT_FALSE(list.grow(largest_size));
    EXPECT_FALSE(list.grow(largest_size / 64));
    EXPECT_FALSE(list.grow((std::size_t{1} << 47) / 64 + 1));
    EXPECT_EQ(books.calls(), 0U);
    grow_and_take(list, 1);
    EXPECT_FALSE(list.grow(largest_size));
    EXPECT_TRUE(list.valid());
}

TEST_F(growing, through_many_segments_keeps_every_block_findable) {
    slab_list list{small_blocks, small_steps(), source};
    std::vector<std::byte*> blocks;
    while (list.segments() < 100) { // the table of segments grows on the way
        const std::vector<std::byte*> more = grow_and_take(list, small_blocks_per_slab);
        blocks.push_back(more.front());
        blocks.push_back(more.back());
    }
    for (std::byte* const p : blocks)
        ASSERT_TRUE(list.is_taken(p));
    EXPECT_TRUE(list.valid());
    EXPECT_EQ(list.bytes(), books.bytes());
}

// Grows once by several segments, at whose first, second, ... call the source refuses.
void grow_by_many(ledger& books, slab_list& list, std::size_t blocks) {
    const std::size_t taken = list.taken();
    const std::size_t capacity = list.capacity();
    const std::size_t segments = list.segments();
    const std::size_t bytes = books.bytes();

    if (list.grow(blocks)) {
        EXPECT_EQ(take(list, blocks).size(), blocks);
    } else {
        EXPECT_EQ(list.capacity(), capacity);
        EXPECT_EQ(list.segments(), segments);
        EXPECT_EQ(list.taken(), taken);
        EXPECT_EQ(books.bytes(), bytes) << "a growth that failed kept memory";
    }
    EXPECT_EQ(list.bytes(), books.bytes());
    EXPECT_TRUE(list.valid());

    books.recover();
    EXPECT_TRUE(list.grow(blocks)) << "works again when the source does";
    EXPECT_TRUE(list.valid());
}

TEST(growing_that_fails, leaves_an_empty_list_as_it_was) {
    for (const bool for_good : {true, false})
        refuse_each_call(
            [](ledger& books) {
                slab_list list{small_blocks, small_steps(), ledger_source{books}};
                // The first segment is as large as can be, others follow.
                grow_by_many(books, list, most_small_blocks_in_a_segment + 5 * small_blocks_per_slab);
            },
            for_good);
}

TEST(growing_that_fails, leaves_a_list_in_use_as_it_was) {
    for (const bool for_good : {true, false})
        refuse_each_call(
            [](ledger& books) {
                slab_list list{small_blocks, small_steps(), ledger_source{books}};
                if (!list.grow(1)) return;
                const std::vector<std::byte*> blocks = take(list, list.capacity());
                if (!list.grow(1)) return;
                const std::byte* const late = take(list, 1).front();
                grow_by_many(books, list, 5 * small_blocks_per_slab);
                for (const std::byte* const p : blocks)
                    ASSERT_TRUE(list.is_taken(p));
                EXPECT_TRUE(list.is_taken(late));
            },
            for_good);
}

TEST_F(growing, that_fails_halfway_at_the_limit_of_the_source_keeps_nothing) {
    using limited = cenote::limiting_source<ledger_source>;
    slab_list_on<limited> list{small_blocks, small_steps(), limited{1_MiB, source}};
    const std::vector<std::byte*> blocks = grow_and_take(list, 100);
    const std::size_t bytes = books.bytes();
    EXPECT_FALSE(list.grow(100 * most_small_blocks_in_a_segment));
    EXPECT_EQ(books.bytes(), bytes);
    EXPECT_TRUE(list.valid());
    put(list, blocks);
}

} // namespace
} // namespace cenote_test
