#include "cenote/pool/magazine.hpp"
#include "cenote/pool/watched_top.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace cenote_test {
namespace {

using cenote::detail::basic_magazine;
using cenote::detail::magazine;
using cenote::detail::magazine_blocks;
using cenote::detail::watched_top;
using namespace cenote::literals;

// Five slots: room for four blocks behind the nullptr.
struct magazine_of_four : ::testing::Test {
    std::array<std::byte*, 5> slots{};
    std::array<std::byte, 10> blocks{};
    magazine m{slots.data(), slots.size()};
};

TEST(magazine_without_slots, is_empty_and_full_at_once) {
    magazine m;
    EXPECT_EQ(m.last(), nullptr);
    EXPECT_TRUE(m.full());
    EXPECT_FALSE(m.has_slots());
    EXPECT_EQ(m.size(), 0U);
    EXPECT_EQ(m.capacity(), 0U);
    EXPECT_FALSE(m.holds(nullptr));
    m.clear();
    EXPECT_TRUE(m.full());
    EXPECT_EQ(m.slots()[0], nullptr) << "as of any other";
}

TEST_F(magazine_of_four, starts_empty_and_not_full) {
    EXPECT_EQ(m.last(), nullptr);
    EXPECT_FALSE(m.full());
    EXPECT_TRUE(m.has_slots());
    EXPECT_EQ(m.size(), 0U);
    EXPECT_EQ(m.capacity(), 4U);
    EXPECT_EQ(m.slots(), slots.data());
    EXPECT_EQ(m.room(), slots.data() + 1);
}

TEST_F(magazine_of_four, gives_the_block_freed_last_first) {
    for (std::size_t i = 0; i != 4; ++i) {
        EXPECT_FALSE(m.full());
        m.push(&blocks[i]);
        EXPECT_EQ(m.last(), &blocks[i]);
        EXPECT_EQ(m.size(), i + 1);
    }
    EXPECT_TRUE(m.full());
    for (std::size_t i = 4; i-- != 0;) {
        EXPECT_EQ(m.last(), &blocks[i]);
        m.pop();
    }
    EXPECT_EQ(m.last(), nullptr) << "empty is told by the same load";
}

TEST_F(magazine_of_four, marks_its_first_slot_whatever_was_there) {
    std::array<std::byte*, 3> used{&blocks[0], &blocks[1], &blocks[2]};
    const magazine over{used.data(), used.size()};
    EXPECT_EQ(over.last(), nullptr);
    EXPECT_EQ(over.size(), 0U);
    EXPECT_EQ(over.capacity(), 2U);
}

TEST_F(magazine_of_four, can_be_refilled_in_one_go) {
    for (std::size_t i = 0; i != 3; ++i)
        m.room()[i] = &blocks[i];
    m.filled(3);
    EXPECT_EQ(m.size(), 3U);
    EXPECT_EQ(m.last(), &blocks[2]);
    m.filled(1);
    EXPECT_EQ(m.last(), &blocks[0]);
}

TEST_F(magazine_of_four, knows_which_blocks_it_holds) {
    m.push(&blocks[3]);
    m.push(&blocks[5]);
    EXPECT_TRUE(m.holds(&blocks[3]));
    EXPECT_TRUE(m.holds(&blocks[5]));
    EXPECT_FALSE(m.holds(&blocks[4]));
    EXPECT_FALSE(m.holds(nullptr)) << "the mark is no block";
    m.pop();
    EXPECT_FALSE(m.holds(&blocks[5]));
}

TEST_F(magazine_of_four, forgets_its_blocks_when_cleared_and_keeps_its_slots) {
    m.push(&blocks[0]);
    m.push(&blocks[1]);
    m.clear();
    EXPECT_EQ(m.size(), 0U);
    EXPECT_EQ(m.last(), nullptr);
    EXPECT_EQ(m.capacity(), 4U);
}

TEST_F(magazine_of_four, leaves_one_without_slots_behind_when_moved) {
    m.push(&blocks[7]);
    magazine other{std::move(m)};
    EXPECT_EQ(other.last(), &blocks[7]);
    EXPECT_EQ(other.capacity(), 4U);
    EXPECT_FALSE(m.has_slots());
    EXPECT_EQ(m.last(), nullptr);
    EXPECT_TRUE(m.full());
}

TEST_F(magazine_of_four, swaps_everything) {
    m.push(&blocks[7]);
    magazine none;
    m.swap(none);
    EXPECT_FALSE(m.has_slots());
    EXPECT_EQ(none.last(), &blocks[7]);
    m.swap(none);
    EXPECT_EQ(m.last(), &blocks[7]);
}

TEST(closed_top, is_empty_and_full) {
    const watched_top top;
    EXPECT_TRUE(top.is_closed());
    EXPECT_EQ(top.get()[-1], nullptr);
    EXPECT_TRUE(watched_top::may_be_full(top.get()));
}

// Two pages of slots, of which the nullptr and a few others are not used.
TEST(watched_top, asks_whether_the_magazine_is_full_where_a_page_ends) {
    struct alignas(watched_top::page) two_pages {
        std::array<std::byte*, 1024> slots;
    };
    const auto memory = std::make_unique<two_pages>();
    watched_top top;
    basic_magazine<watched_top*> m{&top, memory->slots.data() + 24, 1000};
    EXPECT_FALSE(top.is_closed());
    EXPECT_EQ(m.capacity(), 999U);
    std::byte block{};
    for (std::size_t n = 0; n != 999; ++n) {
        EXPECT_EQ(watched_top::may_be_full(top.get()), n == 1024 / 2 - 25);
        EXPECT_FALSE(m.full());
        m.push(&block);
    }
    EXPECT_TRUE(watched_top::may_be_full(top.get()));
    EXPECT_TRUE(m.full());
}

TEST(magazine_blocks, are_1024_or_256_kib_but_never_fewer_than_32) {
    static_assert(magazine_blocks(1) == 1024);
    static_assert(magazine_blocks(256) == 1024);
    static_assert(magazine_blocks(512) == 512);
    static_assert(magazine_blocks(8_KiB) == 32);
    static_assert(magazine_blocks(64_MiB) == 32);
}

} // namespace
} // namespace cenote_test
