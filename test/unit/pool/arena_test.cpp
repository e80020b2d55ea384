// What an arena hands out: alignment, bounds, refusals, statistics, moves.
#include "cenote/pool/arena.hpp"

#include "unit/support/arenas.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

constexpr std::size_t largest_size = std::numeric_limits<std::size_t>::max();

struct arenas : ::testing::Test {
    ledger books;
    booked_arena arena{arena_growth{}, books};
};

TEST(arena, needs_no_arguments_and_takes_its_memory_from_the_system) {
    cenote::arena arena;
    auto* const p = static_cast<int*>(arena.allocate(sizeof(int), alignof(int)));
    *p = 42;
    EXPECT_EQ(*arena.create<std::string>("text"), "text");
    EXPECT_EQ(*p, 42);
}

TEST_F(arenas, take_no_memory_before_the_first_piece) {
    EXPECT_EQ(books.calls(), 0U);
    EXPECT_EQ(arena.stats().capacity, 0U);
    EXPECT_EQ(arena.stats().slabs, 0U);
    ASSERT_NE(arena.allocate(1), nullptr);
    EXPECT_EQ(books.calls(), 1U);
}

TEST_F(arenas, cut_pieces_one_behind_the_other) {
    auto* const first = static_cast<std::byte*>(arena.allocate(10, 1));
    EXPECT_EQ(arena.allocate(6, 1), first + 10);
    EXPECT_EQ(arena.allocate(100, 1), first + 16);
}

TEST_F(arenas, keep_every_alignment_also_one_that_no_slab_has) {
    for (std::size_t alignment = 1; alignment <= std::size_t{1} << 16; alignment *= 2)
        for (const std::size_t bytes : {1U, 7U, 100U, 5000U}) {
            void* const p = arena.allocate(bytes, alignment);
            ASSERT_TRUE(cenote::detail::is_aligned(p, alignment)) << alignment;
            ASSERT_TRUE(books.inside(p, bytes));
            fill(p, bytes);
        }
}

TEST_F(arenas, align_for_any_type_unless_told_otherwise) {
    ASSERT_NE(arena.allocate(1, 1), nullptr);
    EXPECT_TRUE(cenote::detail::is_aligned(arena.allocate(1), alignof(std::max_align_t)));
}

TEST_F(arenas, give_a_piece_of_no_bytes_a_place_of_its_own) {
    void* const a = arena.allocate(0, 1);
    void* const b = arena.allocate(0, 1);
    EXPECT_NE(a, nullptr);
    EXPECT_NE(a, b);
}

TEST_F(arenas, hand_out_pieces_that_do_not_overlap) {
    std::mt19937 random{3};
    struct piece {
        unsigned char* p;
        std::size_t bytes;
        unsigned char stamp;
    };
    std::vector<piece> pieces;
    for (unsigned i = 0; i != 3000; ++i) {
        const std::size_t bytes = random() % 200;
        const std::size_t alignment = std::size_t{1} << random() % 8;
        auto* const p = static_cast<unsigned char*>(arena.allocate(bytes, alignment));
        ASSERT_TRUE(books.inside(p, bytes));
        std::fill_n(p, bytes, static_cast<unsigned char>(i));
        pieces.push_back({p, bytes, static_cast<unsigned char>(i)});
    }
    for (const piece& at : pieces)
        ASSERT_EQ(static_cast<std::size_t>(std::count(at.p, at.p + at.bytes, at.stamp)), at.bytes);
}

TEST_F(arenas, hand_a_slab_out_up_to_its_last_byte) {
    booked_arena small{slabs_of_1000, books};
    auto* const p = static_cast<std::byte*>(small.allocate(1, 1));
    EXPECT_EQ(small.allocate(1000 - header_bytes - 1, 1), p + 1);
    EXPECT_EQ(books.calls(), 1U);
    EXPECT_NE(small.allocate(1, 1), nullptr);
    EXPECT_EQ(books.calls(), 2U);
}

TEST_F(arenas, refuse_sizes_beyond_any_memory) {
    for (const std::size_t bytes :
         {largest_size, largest_size - 7, largest_size - 4096, largest_size / 2, largest_size / 4 + 1}) {
        EXPECT_EQ(arena.try_allocate(bytes), nullptr) << bytes;
        EXPECT_EQ(arena.try_allocate(bytes, 4096), nullptr) << bytes;
    }
    EXPECT_EQ(books.calls(), 0U);
    ASSERT_NE(arena.allocate(1), nullptr);
    EXPECT_EQ(arena.try_allocate(largest_size), nullptr);
    EXPECT_EQ(books.calls(), 1U);
}

TEST(arena, refuses_alignments_beyond_any_memory) {
    cenote::arena arena;
    EXPECT_EQ(arena.try_allocate(1, largest_size / 2 + 1), nullptr);
    EXPECT_EQ(arena.try_allocate(1, largest_size / 4 + 1), nullptr);
    EXPECT_EQ(arena.try_allocate(1, largest_size / 8 + 1), nullptr);
    EXPECT_EQ(arena.stats().slabs, 0U);
}

TEST_F(arenas, refuse_alignments_that_are_no_power_of_two) {
    ASSERT_NE(arena.allocate(1), nullptr);
    const std::size_t used = arena.stats().used;
    for (const std::size_t alignment :
         {std::size_t{0}, std::size_t{3}, std::size_t{24}, std::size_t{65}, largest_size})
        EXPECT_EQ(arena.try_allocate(8, alignment), nullptr) << alignment;
    EXPECT_EQ(arena.stats().used, used);
}

#if CENOTE_EXCEPTIONS

TEST_F(arenas, throw_what_says_why) {
    EXPECT_THROW(static_cast<void>(arena.allocate(8, 3)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(arena.allocate(8, 0)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(arena.allocate(largest_size)), std::bad_alloc);
    books.refuse_next_calls();
    EXPECT_THROW(static_cast<void>(arena.allocate(8)), std::bad_alloc);
    books.recover();
    EXPECT_NE(arena.allocate(8), nullptr);
}

#else

TEST_F(arenas, abort_where_they_could_not_throw) {
    EXPECT_DEATH(static_cast<void>(arena.allocate(8, 3)),
                 "cenote: arena: the alignment must be a power of two");
    EXPECT_DEATH(static_cast<void>(arena.allocate(largest_size)), "cenote: out of memory");
}

#endif

TEST_F(arenas, tell_what_is_used_and_what_they_hold) {
    booked_arena small{slabs_of_1000, books};
    ASSERT_NE(small.allocate(10, 1), nullptr);
    ASSERT_NE(small.allocate(20, 1), nullptr);
    cenote::arena_stats s = small.stats();
    EXPECT_EQ(s.used, 30U);
    EXPECT_EQ(s.capacity, 1000 - header_bytes);
    EXPECT_EQ(s.bytes, 1000U);
    EXPECT_EQ(s.slabs, 1U);
    ASSERT_NE(small.allocate(970, 1), nullptr);
    s = small.stats();
    EXPECT_EQ(s.used, 1000 - header_bytes + 970) << "what was left of the first slab counts as used";
    EXPECT_EQ(s.capacity, 2 * (1000 - header_bytes));
    EXPECT_EQ(s.bytes, 2000U);
    EXPECT_EQ(s.slabs, 2U);
}

TEST_F(arenas, hide_what_they_have_not_handed_out) {
    using cenote::detail::is_poisoned;
    auto* const p = static_cast<std::byte*>(arena.allocate(64, 64));
    EXPECT_FALSE(is_poisoned(p));
    EXPECT_FALSE(is_poisoned(p + 63));
    EXPECT_EQ(is_poisoned(p + 64), hidden);
}

TEST_F(arenas, keep_pieces_destructors_and_slabs_when_moved) {
    std::vector<int> deaths;
    {
        booked_arena first{slabs_of_1000, books};
        int* const number = first.create<int>(42);
        static_cast<void>(first.create<mourned>(deaths, 1));
        booked_arena second{std::move(first)};
        EXPECT_EQ(*number, 42);
        EXPECT_EQ(second.stats().slabs, 1U);
        EXPECT_EQ(first.stats().slabs, 0U);
        static_cast<void>(second.create<mourned>(deaths, 2));
        ASSERT_NE(second.allocate(5000), nullptr);
        EXPECT_TRUE(deaths.empty());
    }
    EXPECT_EQ(deaths, (std::vector<int>{2, 1}));
}

TEST_F(arenas, lend_their_source) {
    void* const p = arena.source().allocate(16, 16);
    EXPECT_EQ(books.out().count(p), 1U);
    arena.source().deallocate(p, 16, 16);
    static_assert(std::is_same_v<decltype(std::as_const(arena).source()), const ledger_source&>);
}

} // namespace
} // namespace cenote_test
