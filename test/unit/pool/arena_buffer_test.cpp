// An arena on the caller's buffer, which is its first slab.
#include "cenote/pool/arena.hpp"

#include "unit/support/arenas.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

struct arena_on_a_buffer : ::testing::Test {
    bool in_buffer(const void* p, std::size_t bytes) const {
        const auto* const first = static_cast<const std::byte*>(p);
        return first >= buffer.data() && first + bytes <= buffer.data() + buffer.size();
    }
    alignas(64) std::array<std::byte, 1024> buffer{};
    ledger books;
};

TEST_F(arena_on_a_buffer, uses_it_before_it_asks_the_source) {
    booked_arena arena{buffer, slabs_of_1000, books};
    for (int i = 0; i != 10; ++i)
        EXPECT_TRUE(in_buffer(arena.allocate(64), 64));
    EXPECT_EQ(books.calls(), 0U);
    EXPECT_FALSE(in_buffer(arena.allocate(512), 512));
    EXPECT_EQ(books.calls(), 1U);
}

TEST_F(arena_on_a_buffer, uses_it_up_to_its_last_byte) {
    booked_arena arena{buffer, {}, books};
    void* const p = arena.allocate(1024 - header_bytes, 1);
    EXPECT_TRUE(in_buffer(p, 1024 - header_bytes));
    fill(p, 1024 - header_bytes);
    EXPECT_EQ(books.calls(), 0U);
}

TEST_F(arena_on_a_buffer, counts_its_room_but_not_as_taken_from_the_source) {
    booked_arena arena{buffer, slabs_of_1000, books};
    EXPECT_EQ(arena.stats().slabs, 1U);
    EXPECT_EQ(arena.stats().bytes, 0U);
    EXPECT_EQ(arena.stats().capacity, 1024 - header_bytes);
    ASSERT_NE(arena.allocate(1000), nullptr);
    EXPECT_EQ(arena.stats().slabs, 2U);
    EXPECT_EQ(arena.stats().bytes, books.bytes());
}

TEST_F(arena_on_a_buffer, keeps_it_in_every_reset) {
    booked_arena arena{buffer, slabs_of_1000, books};
    for (const reset_mode mode :
         {reset_mode::free_all(), reset_mode::retain_with_limit(0), reset_mode::retain_capacity()}) {
        void* const first = arena.allocate(100);
        EXPECT_TRUE(in_buffer(first, 100));
        ASSERT_NE(arena.allocate(2000), nullptr);
        arena.reset(mode);
        EXPECT_EQ(arena.allocate(100), first);
        arena.reset(mode);
    }
}

TEST_F(arena_on_a_buffer, does_not_count_it_in_the_limit_of_a_reset) {
    booked_arena arena{buffer, slabs_of_1000, books};
    ASSERT_NE(arena.allocate(900), nullptr);
    ASSERT_NE(arena.allocate(900), nullptr);
    arena.reset(reset_mode::retain_with_limit(1000));
    EXPECT_EQ(arena.stats().slabs, 2U);
    EXPECT_EQ(books.bytes(), 1000U);
}

TEST_F(arena_on_a_buffer, leaves_it_to_the_caller_when_it_dies) {
    {
        booked_arena arena{buffer, {}, books};
        ASSERT_NE(arena.allocate(10), nullptr);
        EXPECT_EQ(cenote::detail::is_poisoned(buffer.data() + 1023), hidden);
    }
    fill(buffer.data(), buffer.size()); // AddressSanitizer would speak
}

TEST_F(arena_on_a_buffer, runs_destructors_of_what_lies_there) {
    std::vector<int> deaths;
    {
        booked_arena arena{buffer, {}, books};
        static_cast<void>(arena.create<mourned>(deaths, 1));
        static_cast<void>(arena.create<mourned>(deaths, 2));
        EXPECT_EQ(books.calls(), 0U);
    }
    EXPECT_EQ(deaths, (std::vector<int>{2, 1}));
}

TEST_F(arena_on_a_buffer, stays_on_it_when_moved) {
    booked_arena first{buffer, {}, books};
    auto* const p = static_cast<std::byte*>(first.allocate(16, 16));
    booked_arena second{std::move(first)};
    EXPECT_EQ(second.allocate(16, 16), p + 16);
}

TEST_F(arena_on_a_buffer, rewinds_into_it) {
    booked_arena arena{buffer, {}, books};
    const auto start = arena.get_mark();
    void* const p = arena.allocate(16);
    ASSERT_NE(arena.allocate(5000), nullptr);
    arena.rewind(start);
    EXPECT_EQ(arena.allocate(16), p);
}

// Every size that could be too small, at every misalignment: no byte outside the buffer changes, and it works
// anyway.
TEST_F(arena_on_a_buffer, that_is_tiny_or_misaligned_works_and_stays_inside) {
    for (std::size_t skip = 0; skip != 17; ++skip)
        for (std::size_t bytes = 0; bytes != 90; ++bytes) {
            buffer.fill(std::byte{0x5A});
            {
                booked_arena arena{std::span{buffer.data() + skip, bytes}, slabs_of_1000, books};
                for (int i = 0; i != 20; ++i) {
                    fill(arena.allocate(3, 1), 3);
                    fill(arena.allocate(8, 8), 8);
                }
            }
            const auto untouched = [](std::byte b) { return b == std::byte{0x5A}; };
            ASSERT_TRUE(std::all_of(buffer.data(), buffer.data() + skip, untouched)) << skip << ' ' << bytes;
            ASSERT_TRUE(std::all_of(buffer.data() + skip + bytes, buffer.data() + buffer.size(), untouched))
                << skip << ' ' << bytes;
        }
}

TEST_F(arena_on_a_buffer, that_is_empty_is_an_arena_without_one) {
    booked_arena arena{std::span<std::byte>{}, slabs_of_1000, books};
    EXPECT_EQ(arena.stats().slabs, 0U);
    ASSERT_NE(arena.allocate(10), nullptr);
    EXPECT_EQ(books.calls(), 1U);
}

} // namespace
} // namespace cenote_test
