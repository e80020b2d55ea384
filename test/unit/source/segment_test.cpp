#include "cenote/source/segment.hpp"

#include "cenote/source/buffer_source.hpp"
#include "cenote/source/vm_source.hpp"
#include "unit/support/ledger.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace cenote_test {
namespace {

using cenote::detail::segment_memory;
using cenote::detail::take_segment;

// Has `available` bytes, and remembers what it was asked for.
struct asked_source {
    std::size_t available;
    std::vector<std::size_t>* asked;
    void* allocate(std::size_t bytes, std::size_t) noexcept {
        asked->push_back(bytes);
        return bytes <= available ? this : nullptr;
    }
    void deallocate(void*, std::size_t, std::size_t) noexcept {}
};

struct take_segment_from : ::testing::Test {
    std::vector<std::size_t> asked;
    segment_memory take(std::size_t available, std::size_t wanted, std::size_t least) {
        asked_source source{available, &asked};
        return take_segment(source, wanted, least, 64);
    }
};

TEST(segment_goal, is_what_growth_wants_or_all_that_a_bounded_source_has) {
    using cenote::detail::segment_goal;
    cenote::vm_source unbounded;
    EXPECT_EQ(segment_goal(unbounded, 8192, 100, 64), 8192U);
    EXPECT_EQ(segment_goal(unbounded, 50, 100, 64), 100U);
    alignas(64) std::byte memory[1000];
    const cenote::buffer_source bounded{memory, sizeof memory};
    EXPECT_EQ(segment_goal(bounded, 8192, 100, 64), 1000U);
    EXPECT_EQ(segment_goal(bounded, 50, 100, 64), 1000U);
    EXPECT_EQ(segment_goal(bounded, 50, 2000, 64), 2000U);
}

TEST_F(take_segment_from, a_source_that_has_enough_takes_what_is_wanted_in_one_call) {
    EXPECT_EQ(take(10'000, 8192, 100).bytes, 8192U);
    EXPECT_EQ(asked, (std::vector<std::size_t>{8192}));
}

TEST_F(take_segment_from, a_source_that_has_less_halves_until_it_fits) {
    EXPECT_EQ(take(1500, 8192, 100).bytes, 1024U);
    EXPECT_EQ(asked, (std::vector<std::size_t>{8192, 4096, 2048, 1024}));
}

TEST_F(take_segment_from, a_source_that_has_just_the_least_ends_there) {
    EXPECT_EQ(take(100, 1000, 100).bytes, 100U);
    EXPECT_EQ(asked, (std::vector<std::size_t>{1000, 500, 250, 125, 100}));
}

TEST_F(take_segment_from, a_source_that_has_not_even_the_least_gives_nothing) {
    const segment_memory got = take(99, 1000, 100);
    EXPECT_EQ(got.base, nullptr);
    EXPECT_EQ(got.bytes, 0U);
    EXPECT_EQ(asked.back(), 100U);
}

TEST_F(take_segment_from, asks_for_the_least_where_less_is_wanted) {
    EXPECT_EQ(take(1000, 10, 100).bytes, 100U);
    EXPECT_EQ(asked, (std::vector<std::size_t>{100}));
}

TEST_F(take_segment_from, asks_once_where_the_least_is_wanted) {
    EXPECT_EQ(take(10, 100, 100).base, nullptr);
    EXPECT_EQ(asked, (std::vector<std::size_t>{100}));
}

TEST_F(take_segment_from, an_empty_source_asks_a_logarithm_of_times) {
    EXPECT_EQ(take(0, std::size_t{1} << 46, 1).base, nullptr);
    EXPECT_EQ(asked.size(), 47U);
}

TEST_F(take_segment_from, passes_the_alignment_on_at_every_call) {
    ledger books;
    books.refuse(0, 2);
    ledger_source source{books};
    const segment_memory got = take_segment(source, 4096, 64, 512);
    ASSERT_EQ(books.out().count(got.base), 1U);
    EXPECT_EQ(books.out().at(got.base).bytes, 1024U);
    EXPECT_EQ(books.out().at(got.base).alignment, 512U);
    source.deallocate(got.base, got.bytes, 512);
}

} // namespace
} // namespace cenote_test
