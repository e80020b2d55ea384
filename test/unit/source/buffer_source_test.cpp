#include "cenote/source/buffer_source.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <limits>
#include <span>

namespace cenote_test {
namespace {

using cenote::buffer_source;

constexpr std::size_t largest_size = std::numeric_limits<std::size_t>::max();

struct buffer_source_on_256_bytes : ::testing::Test {
    alignas(64) std::array<std::byte, 256> buffer{};
    buffer_source source{buffer};
};

TEST(buffer_source, is_bounded_and_does_not_decommit) {
    static_assert(cenote::bounded_source<buffer_source> && !cenote::decommitting_source<buffer_source>);
}

TEST_F(buffer_source_on_256_bytes, cuts_pieces_from_first_to_last) {
    EXPECT_EQ(source.allocate(16, 16), buffer.data());
    EXPECT_EQ(source.allocate(10, 1), buffer.data() + 16);
    EXPECT_EQ(source.allocate(1, 1), buffer.data() + 26);
}

TEST_F(buffer_source_on_256_bytes, aligns_each_piece) {
    ASSERT_NE(source.allocate(1, 1), nullptr);
    EXPECT_EQ(source.allocate(8, 8), buffer.data() + 8);
    EXPECT_EQ(source.allocate(8, 64), buffer.data() + 64);
}

TEST_F(buffer_source_on_256_bytes, can_be_used_up_to_its_last_byte) {
    EXPECT_EQ(source.allocate(256, 64), buffer.data());
    EXPECT_EQ(source.allocate(1, 1), nullptr);
    EXPECT_EQ(source.largest(1), 0U);
}

TEST_F(buffer_source_on_256_bytes, refuses_one_byte_too_many_and_stays_as_it_was) {
    EXPECT_EQ(source.allocate(257, 1), nullptr);
    EXPECT_EQ(source.allocate(largest_size, 1), nullptr);
    EXPECT_EQ(source.allocate(largest_size, largest_size / 2 + 1), nullptr);
    EXPECT_EQ(source.largest(1), 256U);
    ASSERT_NE(source.allocate(1, 1), nullptr);
    EXPECT_EQ(source.allocate(largest_size, 64), nullptr) << "a sum with the padding that wraps";
    EXPECT_EQ(source.largest(1), 255U);
}

TEST_F(buffer_source_on_256_bytes, refuses_an_alignment_whose_next_multiple_lies_behind_the_end) {
    ASSERT_NE(source.allocate(1, 1), nullptr);
    EXPECT_EQ(source.allocate(1, std::size_t{1} << 40), nullptr);
    EXPECT_EQ(source.allocate(1, largest_size / 2 + 1), nullptr);
    EXPECT_EQ(source.largest(largest_size / 2 + 1), 0U);
    EXPECT_EQ(source.allocate(1, 1), buffer.data() + 1);
}

// Pools ask for exactly what `largest` says.
TEST_F(buffer_source_on_256_bytes, gives_what_it_says_is_the_largest_and_not_a_byte_more) {
    for (std::size_t used = 0; used != 200; ++used)
        for (std::size_t alignment = 1; alignment <= 64; alignment *= 2) {
            buffer_source fresh{buffer};
            if (used != 0) {
                ASSERT_NE(fresh.allocate(used, 1), nullptr);
            }
            const std::size_t most = fresh.largest(alignment);
            EXPECT_EQ(fresh.allocate(most + 1, alignment), nullptr)
                << used << " used, alignment " << alignment;
            if (most != 0) {
                EXPECT_NE(fresh.allocate(most, alignment), nullptr)
                    << used << " used, alignment " << alignment;
            }
        }
}

TEST_F(buffer_source_on_256_bytes, takes_back_the_piece_cut_last) {
    ASSERT_NE(source.allocate(64, 64), nullptr);
    void* const second = source.allocate(100, 4);
    source.deallocate(second, 100, 4);
    EXPECT_EQ(source.largest(1), 192U);
    EXPECT_EQ(source.allocate(192, 64), second);
}

TEST_F(buffer_source_on_256_bytes, takes_back_all_pieces_in_reverse_order) {
    void* const a = source.allocate(64, 64);
    void* const b = source.allocate(64, 64);
    source.deallocate(b, 64, 64);
    source.deallocate(a, 64, 64);
    EXPECT_EQ(source.largest(64), 256U);
}

TEST_F(buffer_source_on_256_bytes, keeps_other_pieces_used) {
    void* const first = source.allocate(64, 64);
    void* const second = source.allocate(64, 64);
    source.deallocate(first, 64, 64);
    EXPECT_EQ(source.largest(64), 128U);
    EXPECT_NE(source.allocate(64, 64), first);
    EXPECT_NE(source.allocate(64, 64), second);
}

TEST(buffer_source, skips_to_the_first_multiple_in_a_misaligned_buffer) {
    alignas(64) std::byte buffer[256] = {};
    buffer_source source{buffer + 1, 255};
    EXPECT_EQ(source.largest(64), 192U);
    EXPECT_EQ(source.allocate(192, 64), buffer + 64);
}

TEST(buffer_source, on_an_empty_buffer_has_nothing_to_give) {
    buffer_source none{std::span<std::byte>{}};
    EXPECT_EQ(none.largest(1), 0U);
    EXPECT_EQ(none.allocate(1, 1), nullptr);
    EXPECT_EQ(none.allocate(1, 4096), nullptr);
    std::byte byte{};
    buffer_source empty{&byte, 0};
    EXPECT_EQ(empty.largest(1), 0U);
    EXPECT_EQ(empty.allocate(1, 1), nullptr);
}

TEST(buffer_source, touches_no_byte_of_the_buffer) {
    std::array<std::byte, 64> buffer{};
    buffer_source source{buffer};
    void* const p = source.allocate(32, 1);
    source.deallocate(p, 32, 1);
    for (const std::byte b : buffer)
        EXPECT_EQ(b, std::byte{0});
}

} // namespace
} // namespace cenote_test
