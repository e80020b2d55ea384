// A source that refuses, at every call in turn: the arena stays as it was, and works again when the source
// does.
#include "cenote/pool/arena.hpp"

#include "unit/support/arenas.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace cenote_test {
namespace {

bool same(const cenote::arena_stats& a, const cenote::arena_stats& b) {
    return a.used == b.used && a.capacity == b.capacity && a.bytes == b.bytes && a.slabs == b.slabs;
}

void use(booked_arena& arena, ledger& books) {
    std::vector<int> deaths;
    int made = 0;
    for (const std::size_t bytes : {10U, 900U, 3000U, 1U, 900U, 20'000U, 500U, 100U}) {
        const cenote::arena_stats before = arena.stats();
        auto* const p = static_cast<unsigned char*>(arena.try_allocate(bytes, 64));
        if (p == nullptr) {
            EXPECT_TRUE(same(arena.stats(), before)) << "a piece that was refused changed the arena";
            EXPECT_EQ(books.bytes(), before.bytes);
        } else {
            fill(p, bytes);
        }
        if (arena.try_create<mourned>(deaths, made) != nullptr) ++made;
        if (p != nullptr) {
            EXPECT_EQ(std::count(p, p + bytes, 0xEE), static_cast<std::ptrdiff_t>(bytes)) << "written over";
        }
        EXPECT_EQ(arena.stats().bytes, books.bytes());
    }
    EXPECT_TRUE(deaths.empty());
    arena.reset(reset_mode::retain_with_limit(3000));
    EXPECT_EQ(deaths.size(), static_cast<std::size_t>(made));

    books.recover();
    for (int i = 0; i != 10; ++i)
        fill(arena.allocate(900), 900);
}

TEST(arena_with_a_source_that_refuses, goes_on_with_what_it_has) {
    for (const bool for_good : {true, false})
        refuse_each_call(
            [](ledger& books) {
                booked_arena arena{slabs_of_1000, books};
                use(arena, books);
            },
            for_good);
}

TEST(arena_with_a_source_that_refuses, goes_on_in_the_callers_buffer) {
    for (const bool for_good : {true, false})
        refuse_each_call(
            [](ledger& books) {
                std::array<std::byte, 1200> buffer;
                booked_arena arena{buffer, slabs_of_1000, books};
                use(arena, books);
            },
            for_good);
}

TEST(arena_with_a_source_that_refuses, serves_small_pieces_while_large_ones_fail) {
    ledger books;
    booked_arena arena{slabs_of_1000, books};
    auto* const first = static_cast<std::byte*>(arena.allocate(16, 16));
    books.refuse_next_calls();
    EXPECT_EQ(arena.try_allocate(5000), nullptr);
    EXPECT_EQ(arena.try_allocate(16, 16), first + 16);
}

} // namespace
} // namespace cenote_test
