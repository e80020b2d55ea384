// Layer: base. Rounding, masks and pointer arithmetic.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace cenote::detail {

inline constexpr unsigned word_bits = 64;
inline constexpr std::uint64_t all_ones = ~std::uint64_t{0};

// The lowest multiple of `alignment` (a power of two) that is not below `n`. Wraps round to a small value when
// there is none; callers bound `n` first.
constexpr std::size_t round_up(std::size_t n, std::size_t alignment) noexcept {
    return (n + alignment - 1) & ~(alignment - 1);
}

constexpr std::size_t round_down(std::size_t n, std::size_t alignment) noexcept {
    return n & ~(alignment - 1);
}

constexpr std::size_t divide_up(std::size_t n, std::size_t by) noexcept {
    return n / by + (n % by != 0 ? 1 : 0);
}

// The lowest `n` bits set; `n` from 0 to 64.
constexpr std::uint64_t low_bits(std::size_t n) noexcept {
    return n >= word_bits ? all_ones : (std::uint64_t{1} << n) - 1;
}

constexpr unsigned lowest_bit(std::uint64_t word) noexcept {
    return static_cast<unsigned>(std::countr_zero(word));
}

// Bits set. Without the instruction, which plain x86-64 does not have, compilers call a function of their runtime.
constexpr unsigned count_bits(std::uint64_t word) noexcept {
#ifdef __POPCNT__
    return static_cast<unsigned>(std::popcount(word));
#else
    word -= (word >> 1) & 0x5555555555555555U;
    word = (word & 0x3333333333333333U) + ((word >> 2) & 0x3333333333333333U);
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0FU;
    return static_cast<unsigned>((word * 0x0101010101010101U) >> 56);
#endif
}

inline std::uintptr_t address_of(const void* p) noexcept { return reinterpret_cast<std::uintptr_t>(p); }

inline bool is_aligned(const void* p, std::size_t alignment) noexcept {
    return (address_of(p) & (alignment - 1)) == 0;
}

} // namespace cenote::detail
