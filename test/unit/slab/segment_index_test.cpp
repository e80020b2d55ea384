#include "cenote/slab/segment_index.hpp"

#include "unit/support/ledger.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <utility>

namespace cenote_test {
namespace {

using cenote::detail::segment_index;

constexpr unsigned shift = 20;
constexpr std::uintptr_t segment(std::uintptr_t number) { return number << shift; }

struct segment_index_of_1_mib : ::testing::Test {
    ~segment_index_of_1_mib() override { index.free_table(source); }
    void add(std::uintptr_t base) {
        ASSERT_TRUE(index.reserve_one(source));
        index.insert(base);
    }
    bool contains(std::uintptr_t base) const { return index.members().contains(base); }

    ledger books;
    ledger_source source{books};
    segment_index index{shift};
};

TEST_F(segment_index_of_1_mib, holds_nothing_and_no_memory_at_first) {
    EXPECT_TRUE(index.empty());
    EXPECT_EQ(index.table_bytes(), 0U);
    EXPECT_EQ(index.segment_bytes(), std::size_t{1} << 20);
    EXPECT_FALSE(contains(segment(1)));
    EXPECT_FALSE(contains(0));
    EXPECT_EQ(books.calls(), 0U);
}

TEST_F(segment_index_of_1_mib, contains_what_was_inserted_and_nothing_else) {
    add(segment(1000));
    add(segment(1002));
    EXPECT_FALSE(index.empty());
    EXPECT_TRUE(contains(segment(1000)));
    EXPECT_FALSE(contains(segment(1001)));
    EXPECT_TRUE(contains(segment(1002)));
    EXPECT_FALSE(contains(0)) << "an empty slot is no member";
}

TEST_F(segment_index_of_1_mib, tells_segments_apart_that_fall_into_one_slot) {
    for (std::uintptr_t i = 1; i != 25; ++i)
        add(segment(5 + i * 65'536));
    for (std::uintptr_t i = 1; i != 25; ++i)
        EXPECT_TRUE(contains(segment(5 + i * 65'536))) << i;
    EXPECT_FALSE(contains(segment(5)));
    EXPECT_FALSE(contains(segment(5 + 25 * 65'536)));
}

TEST_F(segment_index_of_1_mib, probes_on_from_the_last_slot_to_the_first) {
    for (std::uintptr_t i = 1; i != 9; ++i)
        add(segment(63 + i * 64));
    for (std::uintptr_t i = 1; i != 9; ++i)
        EXPECT_TRUE(contains(segment(63 + i * 64))) << i;
    EXPECT_FALSE(contains(segment(63 + 9 * 64)));
    EXPECT_FALSE(contains(segment(64)));
}

TEST_F(segment_index_of_1_mib, is_never_more_than_half_full) {
    for (std::uintptr_t i = 1; i != 2000; ++i) {
        add(segment(i));
        ASSERT_LE(i * 2 * sizeof(std::uintptr_t), index.table_bytes());
        ASSERT_EQ(books.bytes(), index.table_bytes()) << "the table before was given back";
    }
}

TEST_F(segment_index_of_1_mib, agrees_with_a_set_while_it_grows) {
    std::mt19937_64 random{1};
    std::set<std::uintptr_t> model;
    for (int i = 0; i != 3000; ++i) {
        const std::uintptr_t base = segment(random() % 10'000 + 1);
        if (model.insert(base).second) add(base);
        const std::uintptr_t other = segment(random() % 10'000);
        ASSERT_EQ(contains(other), model.count(other) == 1) << other;
    }
    for (const std::uintptr_t base : model)
        ASSERT_TRUE(contains(base)) << base;
}

TEST_F(segment_index_of_1_mib, keeps_all_members_when_the_source_refuses_a_larger_table) {
    std::uintptr_t members = 0;
    books.refuse(1); // the first table is given
    while (index.reserve_one(source))
        index.insert(segment(++members));
    EXPECT_EQ(members, 32U);
    const std::size_t bytes = index.table_bytes();
    for (std::uintptr_t i = 1; i <= members; ++i)
        EXPECT_TRUE(contains(segment(i))) << i;
    EXPECT_FALSE(contains(segment(members + 1)));
    EXPECT_EQ(index.table_bytes(), bytes);

    books.recover();
    add(segment(++members));
    for (std::uintptr_t i = 1; i <= members; ++i)
        EXPECT_TRUE(contains(segment(i))) << i;
}

TEST_F(segment_index_of_1_mib, stays_empty_when_the_source_refuses_the_first_table) {
    books.refuse(0);
    EXPECT_FALSE(index.reserve_one(source));
    EXPECT_TRUE(index.empty());
    EXPECT_EQ(index.table_bytes(), 0U);
    EXPECT_FALSE(contains(segment(1)));
}

TEST_F(segment_index_of_1_mib, reserves_room_once) {
    EXPECT_TRUE(index.reserve_one(source));
    EXPECT_TRUE(index.reserve_one(source));
    EXPECT_EQ(books.calls(), 1U);
    EXPECT_TRUE(index.empty()) << "room is no member";
}

TEST_F(segment_index_of_1_mib, keeps_its_table_when_cleared) {
    for (std::uintptr_t i = 1; i != 20; ++i)
        add(segment(i));
    const std::size_t bytes = index.table_bytes();
    index.clear();
    EXPECT_TRUE(index.empty());
    EXPECT_EQ(index.table_bytes(), bytes);
    for (std::uintptr_t i = 1; i != 20; ++i)
        EXPECT_FALSE(contains(segment(i)));
    add(segment(3));
    EXPECT_TRUE(contains(segment(3)));
}

TEST_F(segment_index_of_1_mib, gives_its_table_back_and_can_start_again) {
    add(segment(7));
    index.free_table(source);
    EXPECT_TRUE(index.empty());
    EXPECT_EQ(books.bytes(), 0U);
    EXPECT_FALSE(contains(segment(7)));
    add(segment(8));
    EXPECT_TRUE(contains(segment(8)));
    EXPECT_FALSE(contains(segment(7)));
}

TEST_F(segment_index_of_1_mib, leaves_nothing_behind_when_moved_from) {
    add(segment(7));
    segment_index other{std::move(index)};
    EXPECT_TRUE(other.members().contains(segment(7)));
    EXPECT_TRUE(index.empty());
    EXPECT_EQ(index.table_bytes(), 0U);
    EXPECT_FALSE(contains(segment(7)));
    add(segment(9));
    EXPECT_TRUE(contains(segment(9)));
    other.free_table(source);
}

TEST_F(segment_index_of_1_mib, shows_in_a_view_what_it_held_when_the_view_was_made) {
    const segment_index::view before = index.members();
    add(segment(7));
    EXPECT_FALSE(before.contains(segment(7))) << "the view of no table";
    EXPECT_TRUE(index.members().contains(segment(7)));
}

} // namespace
} // namespace cenote_test
