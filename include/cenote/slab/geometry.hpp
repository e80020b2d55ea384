// Layer: slab. How blocks of one size lie in slabs: sizes, counts, and the way from an offset to a block's index.
//
//     slab: a power of two of bytes, its stride          64 KiB for most block sizes
//     +--------+--------+--------+-- ... --+--------+~~~~~~+
//     | block 0| block 1| block 2|         | last   | rest |     at most 4096 blocks: 64 words of bitmap
//     +--------+--------+--------+-- ... --+--------+~~~~~~+
//
// Blocks below 16 bytes get smaller slabs, so that 64 words are enough; blocks above 8 KiB get larger ones, so that
// at least eight fit and the rest stays below an eighth. Two classes have the same interface: `static_geometry` for
// sizes known at compile time, where the compiler turns each division into a multiplication, and
// `runtime_geometry`, which does that itself.
#pragma once

#include "cenote/base/algorithm.hpp"
#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/units.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace cenote::detail {

inline constexpr std::size_t max_slab_blocks = std::size_t{64} * word_bits;
inline constexpr std::size_t max_block_size = 64_MiB;

// AddressSanitizer's shadow knows only whole 8 bytes.
constexpr std::size_t least_block_alignment = CENOTE_ASAN ? 8 : 1;

// The size of a block for objects of `size` bytes at multiples of `alignment`.
constexpr std::size_t block_size_for(std::size_t size, std::size_t alignment) noexcept {
    return round_up(detail::max<std::size_t>(size, 1), detail::max(alignment, least_block_alignment));
}

constexpr std::size_t slab_stride_for(std::size_t block_size) noexcept {
    if (block_size > 8_KiB) return std::bit_ceil(8 * block_size);
    return detail::min(64_KiB, std::bit_floor(max_slab_blocks * block_size));
}

// `Extra` bytes of a block are not the object's.
template <std::size_t Size, std::size_t Alignment, std::size_t Extra = 0>
class static_geometry {
public:
    static constexpr std::size_t block_size() noexcept { return block_size_for(Size + Extra, Alignment); }
    static constexpr std::size_t object_bytes() noexcept { return Size; }
    static constexpr std::size_t alignment() noexcept { return Alignment; }
    static constexpr std::size_t stride() noexcept { return slab_stride_for(block_size()); }
    static constexpr unsigned stride_shift() noexcept {
        return static_cast<unsigned>(std::countr_zero(stride()));
    }
    static constexpr std::size_t blocks_per_slab() noexcept {
        return detail::min(max_slab_blocks, stride() / block_size());
    }
    static constexpr std::size_t words_per_slab() noexcept { return divide_up(blocks_per_slab(), word_bits); }

    // The index of the block that holds byte `offset` of its slab; `offset` < stride().
    static constexpr std::size_t index_of(std::size_t offset) noexcept { return offset / block_size(); }

    static_assert(std::has_single_bit(Alignment), "an alignment is a power of two");
    static_assert(Size <= max_block_size && Alignment <= max_block_size, "blocks are at most 64 MiB");
};

class runtime_geometry {
public:
    // `alignment` is a power of two; both are at most max_block_size.
    runtime_geometry(std::size_t size, std::size_t alignment, std::size_t extra = 0) noexcept
        : block_size_(
              static_cast<std::uint32_t>(block_size_for(block_size_for(size, alignment) + extra, alignment))),
          alignment_(static_cast<std::uint32_t>(alignment)), reciprocal_(all_ones / block_size_ + 1),
          blocks_(static_cast<std::uint16_t>(
              detail::min(max_slab_blocks, slab_stride_for(block_size_) / block_size_))),
          shift_(static_cast<std::uint8_t>(std::countr_zero(slab_stride_for(block_size_)))),
          object_bytes_(static_cast<std::uint32_t>(block_size_for(size, alignment))) {}

    std::size_t block_size() const noexcept { return block_size_; }
    std::size_t object_bytes() const noexcept { return object_bytes_; } // of a block, without the extra ones
    std::size_t alignment() const noexcept { return alignment_; }
    std::size_t stride() const noexcept { return std::size_t{1} << shift_; }
    unsigned stride_shift() const noexcept { return shift_; }
    std::size_t blocks_per_slab() const noexcept { return blocks_; }
    std::size_t words_per_slab() const noexcept { return divide_up(blocks_, word_bits); }

    // Exact for every offset < stride(): the error of the reciprocal is below offset / 2^64, a quotient's distance
    // to the next integer at least 1 / block_size, and offset * block_size < 2^57. A block of one byte has no
    // reciprocal in 64 bits (it wraps to 0).
    std::size_t index_of(std::size_t offset) const noexcept {
        if (reciprocal_ == 0) return offset;
        __extension__ using wide = unsigned __int128;
        return static_cast<std::size_t>((static_cast<wide>(offset) * reciprocal_) >> 64);
    }

private:
    std::uint32_t block_size_;
    std::uint32_t alignment_;
    std::uint64_t reciprocal_;
    std::uint16_t blocks_;
    std::uint8_t shift_;
    std::uint32_t object_bytes_;
};

} // namespace cenote::detail
