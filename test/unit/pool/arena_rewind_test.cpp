// Marks, rewinds and scopes.
#include "cenote/pool/arena.hpp"

#include "unit/support/arenas.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <type_traits>
#include <vector>

namespace cenote_test {
namespace {

struct arena_rewind : ::testing::Test {
    void make(int number) { static_cast<void>(arena.create<mourned>(deaths, number)); }

    ledger books;
    std::vector<int> deaths;
    booked_arena arena{slabs_of_1000, books};
};

TEST_F(arena_rewind, makes_the_arena_what_it_was_at_the_mark) {
    auto* const before = static_cast<std::byte*>(arena.allocate(16, 16));
    const std::size_t used = arena.stats().used;
    const auto mark = arena.get_mark();
    ASSERT_NE(arena.allocate(100, 16), nullptr);
    arena.rewind(mark);
    EXPECT_EQ(arena.stats().used, used);
    EXPECT_EQ(arena.allocate(16, 16), before + 16);
}

TEST_F(arena_rewind, goes_back_over_many_slabs_and_keeps_them) {
    void* const before = arena.allocate(100);
    fill(before, 100);
    const auto mark = arena.get_mark();
    std::vector<void*> pieces;
    for (int i = 0; i != 5; ++i)
        pieces.push_back(arena.allocate(800));
    const std::size_t calls = books.calls();
    arena.rewind(mark);
    EXPECT_EQ(books.bytes(), 5000U);
    for (void* const p : pieces)
        EXPECT_EQ(arena.allocate(800), p);
    EXPECT_EQ(books.calls(), calls);
}

TEST_F(arena_rewind, to_a_mark_of_an_unused_arena_drops_everything) {
    const auto start = arena.get_mark();
    void* const first = arena.allocate(100);
    ASSERT_NE(arena.allocate(2000), nullptr);
    make(1);
    arena.rewind(start);
    EXPECT_EQ(deaths, (std::vector<int>{1}));
    EXPECT_EQ(arena.stats().used, 0U);
    EXPECT_EQ(arena.allocate(100), first);
}

TEST_F(arena_rewind, of_an_arena_that_is_still_unused_does_nothing) {
    arena.rewind(arena.get_mark());
    EXPECT_EQ(arena.stats().slabs, 0U);
    EXPECT_NE(arena.allocate(1), nullptr);
}

TEST_F(arena_rewind, runs_the_destructors_of_what_came_after_newest_first) {
    make(1);
    make(2);
    const auto mark = arena.get_mark();
    for (int i = 3; i != 60; ++i)
        make(i);
    EXPECT_GT(arena.stats().slabs, 1U);
    arena.rewind(mark);
    ASSERT_EQ(deaths.size(), 57U);
    EXPECT_EQ(deaths.front(), 59);
    EXPECT_EQ(deaths.back(), 3);
    arena.reset(reset_mode::free_all());
    EXPECT_EQ(deaths[57], 2);
    EXPECT_EQ(deaths[58], 1);
}

TEST_F(arena_rewind, twice_to_one_mark_is_fine) {
    make(1);
    const auto mark = arena.get_mark();
    for (int round = 0; round != 3; ++round) {
        make(10 + round);
        arena.rewind(mark);
        arena.rewind(mark);
    }
    EXPECT_EQ(deaths, (std::vector<int>{10, 11, 12}));
}

TEST_F(arena_rewind, through_nested_marks_goes_step_by_step) {
    const auto outer = arena.get_mark();
    make(1);
    const auto inner = arena.get_mark();
    make(2);
    arena.rewind(inner);
    EXPECT_EQ(deaths, (std::vector<int>{2}));
    make(3);
    arena.rewind(outer);
    EXPECT_EQ(deaths, (std::vector<int>{2, 3, 1}));
}

TEST_F(arena_rewind, past_inner_marks_at_once_is_fine) {
    const auto outer = arena.get_mark();
    make(1);
    static_cast<void>(arena.get_mark());
    make(2);
    arena.rewind(outer);
    EXPECT_EQ(deaths, (std::vector<int>{2, 1}));
}

TEST_F(arena_rewind, hides_what_came_after_and_nothing_else) {
    auto* const before = static_cast<std::byte*>(arena.allocate(32, 16));
    const auto mark = arena.get_mark();
    auto* const after = static_cast<std::byte*>(arena.allocate(32, 16));
    auto* const far = static_cast<std::byte*>(arena.allocate(900, 16));
    arena.rewind(mark);
    EXPECT_FALSE(cenote::detail::is_poisoned(before + 31));
    EXPECT_EQ(cenote::detail::is_poisoned(after), hidden);
    EXPECT_EQ(cenote::detail::is_poisoned(far), hidden);
}

TEST_F(arena_rewind, happens_at_the_end_of_a_scope) {
    make(1);
    const std::size_t used = arena.stats().used;
    {
        const booked_arena::scope here{arena};
        make(2);
        {
            const booked_arena::scope inside{arena};
            make(3);
        }
        EXPECT_EQ(deaths, (std::vector<int>{3}));
        make(4);
    }
    EXPECT_EQ(deaths, (std::vector<int>{3, 4, 2}));
    EXPECT_EQ(arena.stats().used, used);
    static_assert(!std::is_copy_constructible_v<booked_arena::scope>);
}

TEST_F(arena_rewind, over_and_over_takes_no_more_memory) {
    ASSERT_NE(arena.allocate(10), nullptr);
    std::size_t bytes = 0;
    for (int round = 0; round != 100; ++round) {
        const booked_arena::scope frame{arena};
        fill(arena.allocate(700), 700);
        fill(arena.allocate(3000), 3000);
        fill(arena.allocate(700), 700);
        if (round == 0) bytes = books.bytes();
        EXPECT_EQ(books.bytes(), bytes);
    }
}

// Random frames within frames: every object dies exactly once, in the reverse order of birth.
TEST_F(arena_rewind, agrees_with_a_stack) {
    std::mt19937 random{11};
    std::vector<booked_arena::mark> marks;
    std::vector<std::size_t> depths;
    std::vector<int> alive;
    std::vector<int> expected;
    for (int i = 0; i != 5000; ++i) {
        const auto choice = random() % 10;
        if (choice == 0) {
            marks.push_back(arena.get_mark());
            depths.push_back(alive.size());
        } else if (choice == 1 && !marks.empty()) {
            arena.rewind(marks.back());
            while (alive.size() != depths.back()) {
                expected.push_back(alive.back());
                alive.pop_back();
            }
            marks.pop_back();
            depths.pop_back();
            ASSERT_EQ(deaths, expected);
        } else if (choice < 4) {
            const std::size_t bytes = random() % 1500;
            fill(arena.allocate(bytes), bytes);
        } else {
            make(i);
            alive.push_back(i);
        }
        ASSERT_LE(arena.stats().used, arena.stats().capacity);
        ASSERT_EQ(arena.stats().bytes, books.bytes());
    }
}

} // namespace
} // namespace cenote_test
