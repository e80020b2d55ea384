// How an arena grows: the sizes it asks its source for, and what it does with slabs that it still has.
#include "cenote/pool/arena.hpp"

#include "cenote/source/buffer_source.hpp"
#include "cenote/source/decorators.hpp"
#include "unit/support/arenas.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <set>

namespace cenote_test {
namespace {

struct arena_growing : ::testing::Test {
    ledger books;

    std::multiset<std::size_t> slabs() const {
        std::multiset<std::size_t> bytes;
        for (const auto& [p, taken] : books.out())
            bytes.insert(taken.bytes);
        return bytes;
    }
    static void use_up(booked_arena& arena) {
        const std::size_t slabs = arena.stats().slabs;
        while (arena.stats().used != arena.stats().capacity && arena.stats().slabs == slabs)
            ASSERT_NE(arena.allocate(1, 1), nullptr);
        ASSERT_NE(arena.allocate(1, 1), nullptr);
    }
};

TEST_F(arena_growing, doubles_its_slabs_up_to_the_largest) {
    booked_arena arena{{.first_bytes = 256, .largest_bytes = 1000}, books};
    ASSERT_NE(arena.allocate(1), nullptr);
    EXPECT_EQ(slabs(), (std::multiset<std::size_t>{256}));
    use_up(arena);
    EXPECT_EQ(slabs(), (std::multiset<std::size_t>{256, 512}));
    use_up(arena);
    use_up(arena);
    EXPECT_EQ(slabs(), (std::multiset<std::size_t>{256, 512, 1000, 1000}));
}

TEST_F(arena_growing, takes_a_slab_as_large_as_a_piece_needs) {
    booked_arena arena{{.first_bytes = 256, .largest_bytes = 1000}, books};
    void* const p = arena.allocate(10'000, 1);
    EXPECT_EQ(slabs(), (std::multiset<std::size_t>{10'000 + header_bytes}));
    fill(p, 10'000);
    void* const q = arena.allocate(10'000, 4096);
    EXPECT_TRUE(cenote::detail::is_aligned(q, 4096));
    EXPECT_TRUE(books.inside(q, 10'000));
    fill(q, 10'000);
}

TEST_F(arena_growing, with_first_slabs_larger_than_the_largest_keeps_to_the_largest) {
    booked_arena arena{{.first_bytes = 4096, .largest_bytes = 500}, books};
    ASSERT_NE(arena.allocate(1), nullptr);
    EXPECT_EQ(slabs(), (std::multiset<std::size_t>{500}));
}

TEST_F(arena_growing, by_nothing_takes_what_each_piece_needs) {
    booked_arena arena{{.first_bytes = 0, .largest_bytes = 0}, books};
    ASSERT_NE(arena.allocate(10, 1), nullptr);
    ASSERT_NE(arena.allocate(20, 1), nullptr);
    EXPECT_EQ(slabs(), (std::multiset<std::size_t>{10 + header_bytes, 20 + header_bytes}));
}

TEST_F(arena_growing, uses_slabs_kept_from_before_without_asking_the_source) {
    booked_arena arena{slabs_of_1000, books};
    for (int i = 0; i != 5; ++i)
        ASSERT_NE(arena.allocate(900), nullptr);
    arena.reset(reset_mode::retain_capacity());
    const std::size_t calls = books.calls();
    for (int i = 0; i != 5; ++i)
        fill(arena.allocate(900), 900);
    EXPECT_EQ(books.calls(), calls);
    ASSERT_NE(arena.allocate(900), nullptr);
    EXPECT_EQ(books.calls(), calls + 1);
}

TEST_F(arena_growing, keeps_a_kept_slab_for_later_when_it_is_too_small_for_a_piece) {
    booked_arena arena{slabs_of_1000, books};
    for (int i = 0; i != 2; ++i)
        ASSERT_NE(arena.allocate(900), nullptr);
    arena.reset(reset_mode::retain_capacity());
    ASSERT_NE(arena.allocate(900), nullptr);
    fill(arena.allocate(5000), 5000);
    EXPECT_EQ(books.calls(), 3U);
    fill(arena.allocate(900), 900);
    EXPECT_EQ(books.calls(), 3U);
    EXPECT_EQ(arena.stats().slabs, 3U);
    EXPECT_EQ(arena.stats().bytes, books.bytes());
}

TEST_F(arena_growing, takes_what_the_source_has_when_that_is_less_than_wanted) {
    using limited = cenote::limiting_source<ledger_source>;
    cenote::basic_arena<limited> arena{{.first_bytes = 4096, .largest_bytes = 4096},
                                       limited{1500, ledger_source{books}}};
    ASSERT_NE(arena.allocate(100), nullptr);
    EXPECT_EQ(slabs(), (std::multiset<std::size_t>{1024}));
    EXPECT_EQ(arena.try_allocate(1000), nullptr);
    ASSERT_NE(arena.try_allocate(850), nullptr) << "what is left of the slab it has";
}

TEST_F(arena_growing, on_a_bounded_source_takes_all_of_it_in_one_piece) {
    alignas(16) static std::array<std::byte, 10'000> buffer;
    cenote::basic_arena<cenote::buffer_source> arena{arena_growth{}, cenote::buffer_source{buffer}};
    ASSERT_NE(arena.allocate(1, 1), nullptr);
    EXPECT_EQ(arena.stats().bytes, buffer.size());
    ASSERT_NE(arena.try_allocate(buffer.size() - header_bytes - 1, 1), nullptr);
    EXPECT_EQ(arena.try_allocate(1, 1), nullptr);
    EXPECT_EQ(arena.stats().slabs, 1U);
}

TEST_F(arena_growing, on_a_bounded_source_asks_for_no_more_than_it_has_left) {
    alignas(16) static std::array<std::byte, 10'000> buffer;
    using counted = cenote::counting_source<cenote::buffer_source>;
    cenote::basic_arena<counted> arena{arena_growth{}, counted{cenote::buffer_source{buffer}}};
    EXPECT_EQ(arena.try_allocate(20'000), nullptr);
    EXPECT_EQ(arena.stats().slabs, 0U);
    ASSERT_NE(arena.try_allocate(100), nullptr);
    EXPECT_EQ(arena.source().failures(), 1U);
}

} // namespace
} // namespace cenote_test
