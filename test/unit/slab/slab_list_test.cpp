// What a slab list hands out: how many blocks, which, where.
#include "cenote/slab/slab_list.hpp"

#include "cenote/source/buffer_source.hpp"
#include "unit/support/slab_lists.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::literals;

struct slab_lists : ::testing::Test {
    ledger books;
    ledger_source source{books};
};

TEST_F(slab_lists, take_nothing_from_the_source_before_they_grow) {
    slab_list list{small_blocks, growth::unlimited(), source};
    EXPECT_TRUE(take(list, 10).empty());
    EXPECT_EQ(list.capacity(), 0U);
    EXPECT_EQ(list.bytes(), 0U);
    EXPECT_FALSE(list.has_segments());
    EXPECT_TRUE(list.valid());
    EXPECT_EQ(books.calls(), 0U);
}

TEST_F(slab_lists, hand_out_as_many_blocks_as_they_grew_by_without_asking_the_source) {
    slab_list list{{24, 8}, growth::unlimited().steps(4_KiB, 128_KiB), source};
    ASSERT_TRUE(list.grow(10'000));
    const std::size_t calls = books.calls();
    EXPECT_EQ(take(list, 10'000).size(), 10'000U);
    EXPECT_EQ(list.taken(), 10'000U);
    EXPECT_EQ(books.calls(), calls);
}

TEST_F(slab_lists, hand_out_what_is_left_when_that_is_less_than_asked) {
    slab_list list{{24, 8}, growth::up_to(100), source};
    ASSERT_TRUE(list.grow(100));
    EXPECT_EQ(take(list, 70).size(), 70U);
    EXPECT_EQ(take(list, 70).size(), 30U);
    EXPECT_EQ(take(list, 70).size(), 0U);
    EXPECT_EQ(list.taken(), 100U);
}

TEST_F(slab_lists, hand_out_nothing_when_asked_for_nothing) {
    slab_list list{{24, 8}, growth::unlimited(), source};
    ASSERT_TRUE(list.grow(0));
    EXPECT_EQ(books.calls(), 0U);
    ASSERT_TRUE(list.grow(1));
    EXPECT_TRUE(take(list, 0).empty());
    EXPECT_EQ(list.taken(), 0U);
}

// The array is used from its end, as a magazine is: the lowest address has to lie last.
TEST_F(slab_lists, write_the_lowest_address_last) {
    slab_list list{{24, 8}, growth::unlimited(), source};
    ASSERT_TRUE(list.grow(1));
    std::array<std::byte*, 200> out{};
    ASSERT_EQ(list.take(out.data(), out.size()), out.size());
    EXPECT_TRUE(std::is_sorted(out.rbegin(), out.rend()));
    for (std::size_t i = 1; i != out.size(); ++i)
        EXPECT_EQ(out[i - 1] - out[i], 24) << "side by side";
}

TEST_F(slab_lists, write_no_more_than_they_return_and_from_the_first_slot_on) {
    slab_list list{{24, 8}, growth::up_to(5), source};
    ASSERT_TRUE(list.grow(5));
    std::array<std::byte*, 12> out{};
    ASSERT_EQ(list.take(out.data() + 1, 10), 5U);
    EXPECT_EQ(out[0], nullptr);
    EXPECT_EQ(out[11], nullptr);
    for (std::size_t i = 1; i != 6; ++i)
        EXPECT_TRUE(list.is_taken(out[i])) << i;
}

TEST_F(slab_lists, hand_the_lowest_free_block_out_first_after_puts_in_any_order) {
    slab_list list{{24, 8}, growth::unlimited(), source};
    const std::vector<std::byte*> blocks = grow_and_take(list, 1000);
    for (const std::size_t i : {900U, 3U, 64U, 500U, 63U})
        put_one(list, blocks[i]);
    const std::vector<std::byte*> again = take(list, 5);
    EXPECT_EQ(again, (std::vector<std::byte*>{blocks[3], blocks[63], blocks[64], blocks[500], blocks[900]}));
}

void expect_sound_blocks(const ledger& books, const runtime_geometry& g, std::vector<std::byte*> blocks) {
    SCOPED_TRACE(::testing::Message() << g.block_size() << " bytes at " << g.alignment());
    std::sort(blocks.begin(), blocks.end());
    for (std::size_t i = 0; i != blocks.size(); ++i) {
        ASSERT_TRUE(cenote::detail::is_aligned(blocks[i], g.alignment()));
        ASSERT_TRUE(books.inside(blocks[i], g.block_size()));
        if (i != 0) {
            ASSERT_GE(static_cast<std::size_t>(blocks[i] - blocks[i - 1]), g.block_size());
        }
    }
}

TEST_F(slab_lists, hand_out_aligned_blocks_that_overlap_neither_each_other_nor_a_header) {
    for (const std::size_t alignment : {1U, 8U, 64U, 4096U, 65536U})
        for (const std::size_t size : {1U, 24U, 100U, 4096U, 70'000U}) {
            const runtime_geometry g{size, alignment};
            slab_list list{g, growth::unlimited().steps(1, 1), source};
            // Through the first segment and into the second.
            const std::size_t wanted = std::min<std::size_t>(2 * g.blocks_per_slab(), 5000);
            std::vector<std::byte*> blocks = grow_and_take(list, 1);
            while (blocks.size() < wanted)
                blocks.push_back(grow_and_take(list, 1).front());
            expect_sound_blocks(books, g, blocks);
            for (std::byte* const p : blocks) // an overlap with a header would make the list invalid
                cenote::detail::show_range(p, g.block_size()),
                    std::fill_n(p, g.block_size(), std::byte{0xFF});
            EXPECT_TRUE(list.valid());
        }
}

TEST_F(slab_lists, take_segments_of_the_steps_they_were_told) {
    slab_list list{{24, 8}, growth::unlimited().steps(10'000, 300'000), source};
    ASSERT_TRUE(list.grow(1));
    EXPECT_EQ(books.bytes(), 10'000U);
    ASSERT_TRUE(list.grow(list.capacity() + 1));
    EXPECT_EQ(list.segments(), 2U);
    EXPECT_EQ(list.bytes(), books.bytes());
    const auto is_step = [](const auto& piece) {
        return piece.second.bytes == 256_KiB && piece.second.alignment == 256_KiB;
    };
    EXPECT_EQ(std::count_if(books.out().begin(), books.out().end(), is_step), 1)
        << "rounded down to a power of two";
}

TEST_F(slab_lists, hold_later_segments_between_2_and_64_slabs) {
    const runtime_geometry g{1024, 1024};
    for (const std::size_t step : {std::size_t{0}, std::size_t{1}, 64_KiB, 1_GiB, growth::no_limit}) {
        slab_list list{g, growth::unlimited().steps(1, step), source};
        ASSERT_TRUE(list.grow(1));
        ASSERT_TRUE(list.grow(2));
        std::size_t largest = 0;
        for (const auto& [p, taken] : books.out())
            largest = std::max(largest, taken.bytes);
        EXPECT_EQ(largest, step > 64_KiB ? 64 * g.stride() : 2 * g.stride()) << step;
    }
}

TEST_F(slab_lists, of_a_bounded_source_take_what_it_has_in_one_piece) {
    alignas(64) static std::array<std::byte, 20'000> buffer;
    slab_list_on<cenote::buffer_source> list{{24, 8}, growth::unlimited(), cenote::buffer_source{buffer}};
    ASSERT_TRUE(list.grow(1));
    EXPECT_EQ(list.segments(), 1U);
    EXPECT_EQ(list.bytes(), buffer.size());
    EXPECT_GT(list.capacity() * 24, buffer.size() * 9 / 10);
    const std::vector<std::byte*> blocks = take(list, 10'000);
    EXPECT_EQ(blocks.size(), list.capacity());
    EXPECT_GE(blocks.front(), buffer.data());
    EXPECT_LE(blocks.back() + 24, buffer.data() + buffer.size());
    EXPECT_FALSE(list.grow(1));
}

TEST_F(slab_lists, of_a_bounded_source_need_no_more_than_their_limit) {
    alignas(64) static std::array<std::byte, 20'000> buffer;
    slab_list_on<cenote::buffer_source> list{{24, 8}, growth::up_to(10), cenote::buffer_source{buffer}};
    ASSERT_TRUE(list.grow(1));
    EXPECT_EQ(list.capacity(), 10U);
    EXPECT_LT(list.bytes(), 1000U);
}

TEST_F(slab_lists, lend_spare_words_behind_the_summary_that_nothing_else_uses) {
    for (const std::size_t blocks : {1U, 7U, 64U, 1000U, 5000U, 50'000U}) {
        slab_list list{{24, 8}, growth::fixed(blocks), source};
        ASSERT_TRUE(list.grow(1));
        EXPECT_GE(list.spare_words(), 2U);
        EXPECT_LE(list.spare_words(), 256U);
        std::fill_n(list.spare(), list.spare_words(), cenote::detail::all_ones);
        const std::vector<std::byte*> all = take(list, blocks);
        ASSERT_EQ(all.size(), blocks);
        EXPECT_LE(reinterpret_cast<std::byte*>(list.spare() + list.spare_words()), all.front());
        EXPECT_TRUE(list.valid());
        put(list, all);
        for (std::size_t w = 0; w != list.spare_words(); ++w)
            ASSERT_EQ(list.spare()[w], cenote::detail::all_ones) << w;
        EXPECT_TRUE(list.valid());
    }
}

TEST_F(slab_lists, keep_everything_when_moved_and_leave_nothing_behind) {
    slab_list list{small_blocks, small_steps(), source};
    const std::vector<std::byte*> blocks = grow_and_take(list, 3 * small_blocks_per_slab);
    slab_list other{std::move(list)};
    EXPECT_EQ(other.taken(), blocks.size());
    EXPECT_TRUE(other.is_taken(blocks.front()) && other.is_taken(blocks.back()));
    put(other, blocks);
    EXPECT_TRUE(other.valid());
    EXPECT_EQ(list.taken(), 0U);
    EXPECT_EQ(list.bytes(), 0U);
    EXPECT_FALSE(list.has_segments());
}

} // namespace
} // namespace cenote_test
