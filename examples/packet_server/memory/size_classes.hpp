// The block sizes that serve buffers of any size: steps of 16 bytes up to 128, then four to each doubling up
// to 16 KiB. At most a fifth of a block above 64 bytes is left over. What is larger goes straight to malloc.
#pragma once

#include <bit>
#include <cstddef>

namespace packet_server::size_classes {

inline constexpr std::size_t largest = 16384; // bytes
inline constexpr std::size_t count = 36;

// The class that serves `bytes`, which must be from 1 to `largest`.
constexpr std::size_t of(std::size_t bytes) noexcept {
    const std::size_t last = bytes - 1;
    if (last < 128) return last / 16;
    const std::size_t width = static_cast<std::size_t>(std::bit_width(last));
    return 8 + (width - 8) * 4 + ((last >> (width - 3)) & 3);
}

// Bytes of a block of class `index`.
constexpr std::size_t block_size(std::size_t index) noexcept {
    if (index < 8) return (index + 1) * 16;
    const std::size_t doubling = (index - 8) / 4;
    return (5 + (index - 8) % 4) << (doubling + 5);
}

// Bytes of the block that serves a buffer of `bytes`.
constexpr std::size_t room(std::size_t bytes) noexcept {
    return bytes == 0 || bytes > largest ? bytes : block_size(of(bytes));
}

static_assert(block_size(count - 1) == largest && of(largest) == count - 1);

} // namespace packet_server::size_classes
