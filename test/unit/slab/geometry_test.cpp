#include "cenote/slab/geometry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace cenote_test {
namespace {

using namespace cenote::detail;
using namespace cenote::literals;

// What the drawing at the top of the header promises of every size and alignment.
void expect_sound(const runtime_geometry& g, std::size_t size, std::size_t alignment) {
    SCOPED_TRACE(::testing::Message() << size << " bytes at " << alignment);
    EXPECT_GE(g.block_size(), size);
    EXPECT_EQ(g.block_size() % alignment, 0U);
    EXPECT_LT(g.block_size() - size, std::max(alignment, least_block_alignment))
        << "no more padding than needed";
    EXPECT_EQ(g.alignment(), alignment);

    EXPECT_TRUE(std::has_single_bit(g.stride()));
    EXPECT_EQ(g.stride(), std::size_t{1} << g.stride_shift());
    EXPECT_GE(g.stride(), alignment) << "or the blocks of the next slab are not aligned";
    EXPECT_GE(g.blocks_per_slab(), 8U);
    EXPECT_LE(g.blocks_per_slab(), 4096U);
    EXPECT_LE(g.blocks_per_slab() * g.block_size(), g.stride());
    const std::size_t rest = g.stride() - g.blocks_per_slab() * g.block_size();
    EXPECT_LT(rest * 8, g.stride()) << "the rest stays below an eighth";
    EXPECT_LE(g.words_per_slab(), 64U);
    EXPECT_GE(g.words_per_slab() * word_bits, g.blocks_per_slab());
    EXPECT_LT(g.words_per_slab() * word_bits - g.blocks_per_slab(), word_bits);
}

// The quotient never falls when the offset grows. So it is right at every offset of a slab if it is right at
// the first and the last byte of every block, and at the first and last of the rest.
void expect_exact(const runtime_geometry& g) {
    const std::size_t blocks = divide_up(g.stride(), g.block_size());
    for (std::size_t i = 0; i != blocks; ++i) {
        const std::size_t first = i * g.block_size();
        const std::size_t last = std::min(first + g.block_size(), g.stride()) - 1;
        ASSERT_EQ(g.index_of(first), i) << g.block_size();
        ASSERT_EQ(g.index_of(last), i) << g.block_size();
    }
}

TEST(runtime_geometry, is_sound_and_exact_for_every_size_up_to_64_kib) {
    for (std::size_t size = 1; size <= 64_KiB; ++size) {
        const runtime_geometry g{size, 1};
        expect_exact(g);
        if (size % 61 == 0 || size < 1000 || std::has_single_bit(size) || std::has_single_bit(size - 1))
            expect_sound(g, size, 1);
        if (::testing::Test::HasFailure()) return;
    }
}

TEST(runtime_geometry, is_sound_and_exact_around_every_power_of_two_up_to_64_mib) {
    for (std::size_t power = 128_KiB; power <= max_block_size; power *= 2)
        for (const std::size_t size : {power - 4096, power - 1, power, power / 2 + 1}) {
            const runtime_geometry g{size, 1};
            expect_sound(g, size, 1);
            expect_exact(g);
        }
}

TEST(runtime_geometry, is_sound_and_exact_at_every_alignment_up_to_64_mib) {
    for (std::size_t alignment = 1; alignment <= max_block_size; alignment *= 2)
        for (const std::size_t size : {std::size_t{1}, std::size_t{24}, std::size_t{1000}, alignment,
                                       alignment / 2 + 1, 3 * alignment}) {
            if (size > max_block_size) continue;
            const runtime_geometry g{size, alignment};
            expect_sound(g, size, alignment);
            expect_exact(g);
        }
}

TEST(runtime_geometry, gives_most_sizes_slabs_of_64_kib) {
    for (std::size_t size = 16; size <= 8_KiB; ++size)
        ASSERT_EQ(slab_stride_for(size), 64_KiB) << size;
    EXPECT_EQ(slab_stride_for(8_KiB + 1), 128_KiB);
    EXPECT_EQ(slab_stride_for(8), 32_KiB);
    EXPECT_EQ(slab_stride_for(1), 4_KiB);
    EXPECT_EQ(slab_stride_for(max_block_size), 512_MiB);
}

TEST(runtime_geometry, of_no_bytes_is_that_of_one_byte) {
    EXPECT_EQ((runtime_geometry{0, 1}.block_size()), (runtime_geometry{1, 1}.block_size()));
}

template <std::size_t Size, std::size_t Alignment>
void expect_same_as_runtime() {
    SCOPED_TRACE(::testing::Message() << Size << " bytes at " << Alignment);
    using fixed = static_geometry<Size, Alignment>;
    const runtime_geometry g{Size, Alignment};
    EXPECT_EQ(fixed::block_size(), g.block_size());
    EXPECT_EQ(fixed::alignment(), g.alignment());
    EXPECT_EQ(fixed::stride(), g.stride());
    EXPECT_EQ(fixed::stride_shift(), g.stride_shift());
    EXPECT_EQ(fixed::blocks_per_slab(), g.blocks_per_slab());
    EXPECT_EQ(fixed::words_per_slab(), g.words_per_slab());
    for (std::size_t offset = 0; offset != fixed::stride(); ++offset)
        ASSERT_EQ(fixed::index_of(offset), g.index_of(offset)) << offset;
}

template <std::size_t Alignment, std::size_t... Sizes>
void expect_same_as_runtime_for(std::index_sequence<Sizes...>) {
    (expect_same_as_runtime<Sizes, Alignment>(), ...);
}

TEST(static_geometry, agrees_with_the_runtime_one_at_every_offset) {
    expect_same_as_runtime_for<1>(std::index_sequence<1, 2, 3, 5, 7, 8, 9, 12, 15, 16, 17>{});
    expect_same_as_runtime_for<8>(std::index_sequence<1, 24, 40, 104, 1000, 4088, 8192, 8193, 9000, 65536>{});
    expect_same_as_runtime_for<64>(std::index_sequence<1, 64, 65, 192, 1500>{});
    expect_same_as_runtime_for<4096>(std::index_sequence<1, 4096, 4097, 12288>{});
    expect_same_as_runtime_for<65536>(std::index_sequence<1, 65537>{});
}

TEST(static_geometry, takes_no_room) { EXPECT_TRUE((std::is_empty_v<static_geometry<24, 8>>)); }

TEST(block_size_for, rounds_up_to_the_alignment) {
    EXPECT_EQ(block_size_for(1, 16), 16U);
    EXPECT_EQ(block_size_for(17, 16), 32U);
    EXPECT_EQ(block_size_for(48, 64), 64U);
    EXPECT_EQ(block_size_for(0, 8), 8U);
}

} // namespace
} // namespace cenote_test
