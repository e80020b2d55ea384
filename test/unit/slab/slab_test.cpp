// One segment, without the list around it.
#include "cenote/slab/slab.hpp"

#include "cenote/slab/geometry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>

namespace cenote_test {
namespace {

using cenote::detail::all_ones;
using cenote::detail::low_bits;
using cenote::detail::segment;
using cenote::detail::static_geometry;

// Slabs of 630 blocks in 10 words, of which the last has 54: nothing fits by chance.
using geometry = static_geometry<104, 8>;
constexpr geometry g{};
constexpr std::size_t per_slab = geometry::blocks_per_slab();
constexpr std::size_t words = geometry::words_per_slab();
constexpr std::uint64_t dirty = 0xA5A5'A5A5'A5A5'A5A5U;
constexpr std::size_t in_last_word = per_slab - (words - 1) * 64;

// A segment of three slabs, the last with 70 blocks only.
struct segment_of_three_slabs : ::testing::Test {
    static constexpr std::size_t total = 2 * per_slab + 70;

    segment_of_three_slabs()
        : memory(static_cast<std::byte*>(
              ::operator new (header + 3 * geometry::stride(), std::align_val_t{64}))),
          s(*::new (memory) segment) {
        s.blocks = memory + header;
        s.total = total;
        s.bitmap_words = 3 * words;
        std::fill_n(s.bitmap(), 3 * words + 3, dirty); // it need not be zeroed
    }
    ~segment_of_three_slabs() override {
        cenote::detail::show_range(memory, header + 3 * geometry::stride());
        ::operator delete (memory, std::align_val_t{64});
    }
    void open_all() {
        while (s.opened != s.total)
            s.open_slab(g);
    }
    // What the list does when it takes every block of a slab.
    void take_all_of(std::size_t slab) {
        std::fill_n(s.bitmap() + slab * words, words, std::uint64_t{0});
        s.summary()[slab] = 0;
        s.nonfull &= ~(std::uint64_t{1} << slab);
    }

    static constexpr std::size_t header = 4096;
    std::byte* memory;
    segment& s;
};

TEST_F(segment_of_three_slabs, is_valid_and_empty_before_anything_was_opened) {
    EXPECT_TRUE(s.valid(g));
    EXPECT_TRUE(s.empty(g));
    EXPECT_EQ(s.opened_slabs(g), 0U);
    EXPECT_EQ(s.opened_in(g, 0), 0U);
    EXPECT_EQ(s.nonfull, 0U);
}

TEST_F(segment_of_three_slabs, opens_a_slab_at_a_time_and_only_the_blocks_that_exist) {
    EXPECT_TRUE(s.open_slab(g)) << "it had no free block before";
    EXPECT_EQ(s.opened, per_slab);
    EXPECT_EQ(s.nonfull, 1U);
    EXPECT_FALSE(s.open_slab(g)) << "it had";
    EXPECT_EQ(s.opened, 2 * per_slab);
    EXPECT_FALSE(s.open_slab(g));
    EXPECT_EQ(s.opened, total);
    EXPECT_EQ(s.opened_slabs(g), 3U);
    EXPECT_EQ(s.opened_in(g, 1), per_slab);
    EXPECT_EQ(s.opened_in(g, 2), 70U);
    EXPECT_EQ(s.nonfull, 7U);
    EXPECT_TRUE(s.valid(g));
}

TEST_F(segment_of_three_slabs, frees_exactly_the_bits_of_the_blocks_it_opens) {
    s.open_slab(g);
    for (std::size_t w = 0; w + 1 != words; ++w)
        EXPECT_EQ(s.bitmap()[w], all_ones);
    EXPECT_EQ(s.bitmap()[words - 1], low_bits(in_last_word));
    EXPECT_EQ(s.bitmap()[words], dirty) << "the next slab";
    EXPECT_EQ(s.summary()[0], low_bits(words));
    open_all();
    EXPECT_EQ(s.bitmap()[2 * words], all_ones);
    EXPECT_EQ(s.bitmap()[2 * words + 1], low_bits(6));
    EXPECT_EQ(s.bitmap()[2 * words + 2], dirty) << "a word without blocks";
    EXPECT_EQ(s.summary()[2], 3U);
}

TEST_F(segment_of_three_slabs, says_again_that_it_has_free_blocks_when_it_had_none) {
    s.open_slab(g);
    take_all_of(0);
    EXPECT_TRUE(s.open_slab(g));
}

TEST_F(segment_of_three_slabs, masks_the_opened_blocks_of_each_word) {
    EXPECT_EQ(s.opened_mask(g, 0, 0), 0U);
    open_all();
    EXPECT_EQ(s.opened_mask(g, 0, 0), all_ones);
    EXPECT_EQ(s.opened_mask(g, 0, words - 1), low_bits(in_last_word));
    EXPECT_EQ(s.opened_mask(g, 2, 0), all_ones);
    EXPECT_EQ(s.opened_mask(g, 2, 1), low_bits(6));
    EXPECT_EQ(s.opened_mask(g, 2, 2), 0U);
}

TEST_F(segment_of_three_slabs, places_blocks_side_by_side_and_slabs_a_stride_apart) {
    EXPECT_EQ(s.at(g, {0, 0}), s.blocks);
    EXPECT_EQ(s.at(g, {0, 1}), s.blocks + geometry::block_size());
    EXPECT_EQ(s.at(g, {2, 3}), s.blocks + 2 * geometry::stride() + 3 * geometry::block_size());
}

TEST_F(segment_of_three_slabs, marks_a_word_and_says_whether_the_segment_had_no_free_block) {
    open_all();
    for (std::size_t slab = 0; slab != 3; ++slab)
        take_all_of(slab);
    s.bitmap()[words + 3] = 1;
    EXPECT_TRUE(s.mark_word(1, 3));
    EXPECT_EQ(s.nonfull, 2U);
    EXPECT_EQ(s.summary()[1], 8U);
    s.bitmap()[words + 5] = 1;
    EXPECT_FALSE(s.mark_word(1, 5));
    EXPECT_EQ(s.summary()[1], 40U);
    s.bitmap()[0] = 1;
    EXPECT_FALSE(s.mark_word(0, 0));
    EXPECT_EQ(s.nonfull, 3U);
    EXPECT_TRUE(s.valid(g));
}

TEST_F(segment_of_three_slabs, is_empty_when_no_opened_block_is_taken) {
    open_all();
    EXPECT_TRUE(s.empty(g));
    s.bitmap()[2 * words + 1] &= ~std::uint64_t{32}; // the very last block
    EXPECT_FALSE(s.empty(g));
    EXPECT_TRUE(s.slab_empty(g, 0));
    EXPECT_TRUE(s.slab_empty(g, 1));
    EXPECT_FALSE(s.slab_empty(g, 2));
}

TEST_F(segment_of_three_slabs, a_slab_that_was_never_opened_has_no_free_block_to_be_empty_of) {
    s.open_slab(g);
    EXPECT_TRUE(s.slab_empty(g, 0));
    EXPECT_FALSE(s.slab_empty(g, 1));
}

TEST_F(segment_of_three_slabs, forgets_what_was_opened_when_closed) {
    open_all();
    take_all_of(1);
    s.close_all(g);
    EXPECT_EQ(s.opened, 0U);
    EXPECT_EQ(s.nonfull, 0U);
    EXPECT_TRUE(s.empty(g));
    EXPECT_TRUE(s.valid(g));
    for (std::size_t w = 0; w != 3 * words + 3; ++w)
        EXPECT_EQ(s.bitmap()[w], 0U) << "word " << w;
    EXPECT_TRUE(s.open_slab(g));
    EXPECT_EQ(s.opened, per_slab);
    EXPECT_TRUE(s.valid(g));
}

TEST_F(segment_of_three_slabs, hides_the_blocks_it_opens) {
    s.open_slab(g);
    EXPECT_EQ(cenote::detail::is_poisoned(s.blocks), CENOTE_ASAN != 0);
    EXPECT_FALSE(cenote::detail::is_poisoned(s.blocks + geometry::stride()));
}

TEST_F(segment_of_three_slabs, is_not_valid_once_any_level_disagrees_with_another) {
    const auto breaks = [&](auto& word, auto bit) {
        word ^= bit;
        const bool noticed = !s.valid(g);
        word ^= bit;
        return noticed;
    };
    open_all();
    take_all_of(1);
    ASSERT_TRUE(s.valid(g));
    EXPECT_TRUE(breaks(s.summary()[0], std::uint64_t{1} << 2))
        << "a word with free blocks is not in the summary";
    EXPECT_TRUE(breaks(s.summary()[1], std::uint64_t{1} << 2)) << "a word without is";
    EXPECT_TRUE(breaks(s.nonfull, std::uint64_t{1})) << "a slab with free blocks is not in the header";
    EXPECT_TRUE(breaks(s.nonfull, std::uint64_t{2})) << "a slab without is";
    EXPECT_TRUE(breaks(s.nonfull, std::uint64_t{1} << 40)) << "a slab that does not exist is";
    EXPECT_TRUE(breaks(s.bitmap()[2 * words + 1], std::uint64_t{1} << 6))
        << "a block that does not exist is free";
    EXPECT_TRUE(breaks(s.opened, std::uint32_t{1024})) << "more opened than there are";
    EXPECT_TRUE(s.valid(g));
}

TEST(segment, keeps_its_bitmaps_behind_a_header_of_two_cache_lines) {
    alignas(64) std::byte memory[sizeof(segment) + 11 * sizeof(std::uint64_t)];
    segment& s = *::new (memory) segment;
    s.bitmap_words = 10;
    EXPECT_EQ(sizeof(segment), 128U);
    EXPECT_EQ(reinterpret_cast<std::byte*>(s.bitmap()), memory + 128);
    EXPECT_EQ(s.summary(), s.bitmap() + 10);
}

} // namespace
} // namespace cenote_test
