// The words of shared segments, and which files are believed to be one.
#include "cenote/adaptor/segment_layout.hpp"

#include "cenote/adaptor/segment_words.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace cenote_test {
namespace {

using cenote::participant_id;
using cenote::segment_error;
using cenote::segment_options;
using cenote::detail::block_state;
using cenote::detail::object_shape;
using cenote::detail::owner_word;
using cenote::detail::seat_mark;
using cenote::detail::seat_state;
using cenote::detail::segment_header;
using cenote::detail::segment_layout;

TEST(owner_word, of_zeroes_is_free_for_generation_1) {
    static_assert(owner_word{}.is_free() && owner_word{}.generation() == 1 && owner_word{}.owner_bits() == 0);
}

TEST(owner_word, keeps_its_parts_apart) {
    constexpr participant_id last{owner_word::max_seats, 0xFFFF'FFFFU};
    constexpr owner_word w = owner_word{}.in(block_state::live, owner_word::bits_of(last));
    static_assert(w.seat() == owner_word::max_seats && w.generation() == 1 && w.is_live(1) && !w.is_live(2));
    static_assert(w.freed().generation() == 2 && w.freed().is_free() && w.freed().owner_bits() == 0);
    static_assert(w.freed().in(block_state::making, 0).generation() == 2);
    static_assert(!w.in(block_state::leaving, 0).is_live(1));
}

TEST(owner_word, comes_round_to_generation_1_and_never_has_0) {
    constexpr owner_word last{std::uint64_t{owner_word::last_generation - 1} << 32 |
                              static_cast<std::uint64_t>(block_state::live)};
    static_assert(last.generation() == 0xFFFF'FFFFU && last.freed().generation() == 1);
}

TEST(seat_mark, is_of_one_incarnation) {
    constexpr seat_mark taken = seat_mark::of(5, seat_state::taken);
    constexpr owner_word of_5 = owner_word{}.in(block_state::live, owner_word::bits_of({1, 5}));
    constexpr owner_word of_6 = owner_word{}.in(block_state::live, owner_word::bits_of({1, 6}));
    static_assert(taken.is_owner_of(of_5) && !taken.is_owner_of(of_6));
    static_assert(!seat_mark::of(5, seat_state::ending).is_owner_of(of_5));
    static_assert(seat_mark{}.is_sound() && taken.is_sound() && !seat_mark{3}.is_sound() &&
                  !seat_mark{4}.is_sound());
}

constexpr object_shape shape{24, 8};

TEST(segment_layout, has_no_part_over_another) {
    for (const std::uint64_t capacity : {1U, 63U, 64U, 65U, 1'000'000U})
        for (const std::uint32_t seats : {1U, 64U, owner_word::max_seats})
            for (const object_shape s : {object_shape{1, 1}, shape, object_shape{4096, 4096}}) {
                segment_layout l;
                ASSERT_TRUE(l.compute(capacity, seats, s));
                EXPECT_GE(l.full_at, sizeof(segment_header) + seats * 64U);
                EXPECT_GE(l.words_at, l.full_at + (capacity + 63) / 64);
                EXPECT_GE(l.blocks_at, l.words_at + capacity * 8);
                EXPECT_EQ(l.words_at % 64, 0U);
                EXPECT_EQ(l.blocks_at % s.alignment, 0U);
                EXPECT_EQ(l.block_bytes % s.alignment, 0U);
                EXPECT_EQ(l.file_bytes, l.blocks_at + capacity * l.block_bytes);
            }
}

TEST(segment_layout, refuses_what_could_not_be) {
    segment_layout l;
    EXPECT_FALSE(l.compute(0, 1, shape));
    EXPECT_FALSE(l.compute(1, 0, shape));
    EXPECT_FALSE(l.compute(1, owner_word::max_seats + 1, shape));
    EXPECT_TRUE(l.compute(segment_layout::max_capacity, 1, shape));
    EXPECT_FALSE(l.compute(segment_layout::max_capacity + 1, 1, shape));
    EXPECT_FALSE(l.compute(std::numeric_limits<std::uint64_t>::max(), 1, shape));
    EXPECT_FALSE(l.compute(segment_layout::max_capacity, 1, {std::size_t{1} << 32, 8}));
}

// What a file with that header and length is said to be.
segment_error said_of(const segment_header& h, std::uint64_t bytes, const segment_options& asked = {}) {
    segment_layout l;
    return l.accept(h, bytes, shape, asked);
}

TEST(segment_header, is_believed_only_where_all_of_it_agrees) {
    segment_layout l;
    ASSERT_TRUE(l.compute(100, 4, shape));
    const segment_header right = l.header(shape, 9);
    const segment_options asked{.tag = 9};
    EXPECT_EQ(said_of(right, l.file_bytes, asked), segment_error::none);
    EXPECT_EQ(said_of(right, l.file_bytes - 1, asked), segment_error::truncated);
    EXPECT_EQ(said_of(right, l.file_bytes + 1, asked), segment_error::truncated);
    EXPECT_EQ(said_of(right, l.file_bytes, {.tag = 8}), segment_error::other_tag);
    EXPECT_EQ(said_of(right, l.file_bytes, {.capacity = 99, .tag = 9}), segment_error::other_layout);
    EXPECT_EQ(said_of({}, l.file_bytes, asked), segment_error::not_a_segment);
    EXPECT_EQ(l.accept(right, l.file_bytes, {32, 8}, asked), segment_error::other_layout);
    EXPECT_EQ(l.accept(right, l.file_bytes, {24, 4}, asked), segment_error::other_layout);

    segment_header wrong = right;
    wrong.version = 2;
    EXPECT_EQ(said_of(wrong, l.file_bytes, asked), segment_error::other_version);
}

TEST(segment_header, of_which_any_bit_was_turned_is_refused) {
    segment_layout l;
    ASSERT_TRUE(l.compute(100, 4, shape));
    const segment_header right = l.header(shape, 0);
    for (unsigned byte = 0; byte != offsetof(segment_header, unused); ++byte)
        for (unsigned bit = 0; bit != 8; ++bit) {
            segment_header wrong = right;
            reinterpret_cast<unsigned char*>(&wrong)[byte] ^= static_cast<unsigned char>(1U << bit);
            EXPECT_NE(said_of(wrong, l.file_bytes), segment_error::none) << byte;
        }
}

TEST(segment_header, with_a_right_sum_of_impossible_numbers_is_refused) {
    segment_layout l;
    ASSERT_TRUE(l.compute(100, 4, shape));
    const auto said = [&](auto change) {
        segment_header wrong = l.header(shape, 0);
        change(wrong);
        wrong.sum = wrong.sum_of_fields();
        return said_of(wrong, l.file_bytes);
    };
    EXPECT_EQ(said([](segment_header& h) { h.capacity = ~std::uint64_t{0}; }), segment_error::damaged);
    EXPECT_EQ(said([](segment_header& h) { h.capacity = 0; }), segment_error::damaged);
    EXPECT_EQ(said([](segment_header& h) { h.capacity = 101; }), segment_error::damaged);
    EXPECT_EQ(said([](segment_header& h) { h.seats = ~std::uint64_t{0}; }), segment_error::damaged);
    EXPECT_EQ(said([](segment_header& h) { h.file_bytes += 4096; }), segment_error::damaged);
    EXPECT_EQ(said([](segment_header& h) { h.header_bytes = 64; }), segment_error::damaged);
}

} // namespace
} // namespace cenote_test
