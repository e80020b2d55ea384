// Visits of taken blocks, also by visitors that change the list under way.
#include "cenote/slab/slab_list.hpp"

#include "unit/support/slab_lists.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <vector>

namespace cenote_test {
namespace {

struct visiting : ::testing::Test {
    visiting() : blocks(grow_and_take(list, 1000)) {
        while (list.segments() < 4) {
            const std::vector<std::byte*> more = grow_and_take(list, small_blocks_per_slab);
            blocks.insert(blocks.end(), more.begin(), more.end());
        }
    }
    // Leaves every `n`-th block taken.
    void keep_every(std::size_t n) {
        std::vector<std::byte*> kept;
        for (std::size_t i = 0; i != blocks.size(); ++i)
            if (i % n == 0)
                kept.push_back(blocks[i]);
            else
                put_one(list, blocks[i]);
        blocks = kept;
    }

    ledger books;
    slab_list list{small_blocks, small_steps(), ledger_source{books}};
    std::vector<std::byte*> blocks;
};

TEST_F(visiting, an_empty_list_visits_nothing) {
    slab_list empty{small_blocks, growth::unlimited(), ledger_source{books}};
    EXPECT_TRUE(taken_blocks(empty).empty());
    ASSERT_TRUE(empty.grow(1));
    EXPECT_TRUE(taken_blocks(empty).empty());
}

TEST_F(visiting, reaches_every_taken_block_once_and_no_other) {
    EXPECT_EQ(taken_blocks(list), (std::set<std::byte*>{blocks.begin(), blocks.end()}));
    keep_every(7);
    EXPECT_EQ(taken_blocks(list), (std::set<std::byte*>{blocks.begin(), blocks.end()}));
}

TEST_F(visiting, goes_by_address_within_a_segment) {
    std::vector<std::byte*> order;
    list.for_each_taken([&](std::byte* p) { order.push_back(p); });
    const auto falls = [](const std::byte* a, const std::byte* b) { return b < a; };
    std::size_t breaks = 0;
    for (auto at = order.begin(); (at = std::adjacent_find(at, order.end(), falls)) != order.end(); ++at)
        ++breaks;
    EXPECT_LT(breaks, list.segments());
}

TEST_F(visiting, may_put_back_the_block_it_is_at) {
    std::size_t visits = 0;
    list.for_each_taken([&](std::byte* p) {
        ++visits;
        put_one(list, p);
    });
    EXPECT_EQ(visits, blocks.size());
    EXPECT_EQ(list.taken(), 0U);
    EXPECT_TRUE(list.valid());
}

TEST_F(visiting, does_not_reach_what_was_put_back_meanwhile) {
    std::set<std::byte*> left{blocks.begin(), blocks.end()};
    list.for_each_taken([&](std::byte* p) {
        ASSERT_EQ(left.erase(p), 1U) << "visited although it was put back";
        // The one to be visited next, and one far away.
        for (std::byte* const other :
             {p + list.geometry().block_size(), blocks[(left.size() * 31) % blocks.size()]})
            if (left.erase(other) == 1) put_one(list, other);
    });
    EXPECT_TRUE(left.empty()) << "some taken block was not visited";
    EXPECT_TRUE(list.valid());
}

TEST_F(visiting, may_take_blocks_and_reaches_all_that_were_taken_before) {
    keep_every(3);
    std::set<std::byte*> left{blocks.begin(), blocks.end()};
    list.for_each_taken([&](std::byte* p) {
        left.erase(p);
        if (left.size() % 2 == 0) take(list, 1);
    });
    EXPECT_TRUE(left.empty());
    EXPECT_TRUE(list.valid());
}

TEST_F(visiting, may_make_the_list_grow) {
    std::set<std::byte*> left{blocks.begin(), blocks.end()};
    std::size_t grown = 0;
    list.for_each_taken([&](std::byte* p) {
        left.erase(p);
        if (grown < 3 && left.size() % 1000 == 0) {
            ++grown;
            grow_and_take(list, 2 * small_blocks_per_slab);
        }
    });
    EXPECT_EQ(grown, 3U);
    EXPECT_TRUE(left.empty());
    EXPECT_TRUE(list.valid());
}

} // namespace
} // namespace cenote_test
