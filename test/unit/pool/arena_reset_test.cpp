// The three ways to drop everything at once.
#include "cenote/pool/arena.hpp"

#include "unit/support/arenas.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace cenote_test {
namespace {

// Five slabs of 1000 bytes, all in use.
struct arena_reset : ::testing::Test {
    arena_reset() {
        for (int i = 0; i != 5; ++i)
            pieces.push_back(arena.allocate(900, 16));
    }
    ledger books;
    booked_arena arena{slabs_of_1000, books};
    std::vector<void*> pieces;
};

TEST_F(arena_reset, to_free_all_gives_everything_to_the_source) {
    EXPECT_TRUE(arena.reset(reset_mode::free_all()));
    EXPECT_EQ(books.bytes(), 0U);
    EXPECT_EQ(arena.stats().capacity, 0U);
    EXPECT_EQ(arena.stats().used, 0U);
    EXPECT_NE(arena.allocate(100), nullptr);
}

TEST_F(arena_reset, to_retain_capacity_gives_nothing_away) {
    EXPECT_TRUE(arena.reset(reset_mode::retain_capacity()));
    EXPECT_EQ(books.bytes(), 5000U);
    EXPECT_EQ(arena.stats().used, 0U);
    EXPECT_EQ(arena.stats().capacity, 5 * (1000 - header_bytes));
}

TEST_F(arena_reset, to_retain_capacity_hands_the_same_memory_out_again_in_the_same_order) {
    for (int round = 0; round != 3; ++round) {
        arena.reset(reset_mode::retain_capacity());
        for (void* const p : pieces) {
            EXPECT_EQ(arena.allocate(900, 16), p);
            fill(p, 900);
        }
    }
    EXPECT_EQ(books.calls(), 5U);
}

TEST_F(arena_reset, with_a_limit_keeps_at_most_that_many_bytes) {
    for (const std::size_t limit : {10'000U, 5000U, 4999U, 3000U, 1500U, 1000U, 999U, 0U}) {
        arena.reset(reset_mode::retain_with_limit(limit));
        EXPECT_LE(books.bytes(), limit);
        EXPECT_GT(books.bytes() + 1000, limit < 5000 ? limit : 5000) << "nor less than it could";
        EXPECT_EQ(arena.stats().bytes, books.bytes());
        fill(arena.allocate(900), 900);
        while (arena.stats().slabs < 5)
            ASSERT_NE(arena.allocate(900), nullptr);
    }
}

TEST_F(arena_reset, with_a_limit_keeps_small_slabs_that_fit_behind_a_large_one_that_does_not) {
    booked_arena mixed{slabs_of_1000, books};
    ASSERT_NE(mixed.allocate(900), nullptr);
    ASSERT_NE(mixed.allocate(5000), nullptr);
    ASSERT_NE(mixed.allocate(900), nullptr);
    mixed.reset(reset_mode::retain_with_limit(2000));
    EXPECT_EQ(mixed.stats().slabs, 2U);
    EXPECT_EQ(mixed.stats().bytes, 2000U);
}

TEST_F(arena_reset, hides_what_it_keeps) {
    auto* const p = static_cast<std::byte*>(pieces.front());
    EXPECT_FALSE(cenote::detail::is_poisoned(p));
    arena.reset(reset_mode::retain_capacity());
    EXPECT_EQ(cenote::detail::is_poisoned(p), hidden);
    EXPECT_EQ(cenote::detail::is_poisoned(pieces.back()), hidden);
}

TEST(arena_reset_of_nothing, does_nothing) {
    ledger books;
    booked_arena arena{slabs_of_1000, books};
    EXPECT_TRUE(arena.reset(reset_mode::free_all()));
    EXPECT_TRUE(arena.reset(reset_mode::retain_capacity()));
    EXPECT_TRUE(arena.reset(reset_mode::retain_with_limit(1)));
    EXPECT_EQ(books.calls(), 0U);
    EXPECT_NE(arena.allocate(1), nullptr);
}

} // namespace
} // namespace cenote_test
