// Hash of a key, seeded at each start so that clients can't aim keys at one slot of the table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace packet_server {

namespace detail {

// Both halves of the product folded together: each output bit depends on each input bit.
inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using wide = unsigned __int128;
    const wide product = static_cast<wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t load(const char* from, std::size_t bytes) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, from, bytes);
    return value;
}

} // namespace detail

// After wyhash (Wang Yi, 2019), for keys of any length.
inline std::uint64_t hash_of(std::string_view key, std::uint64_t seed) noexcept {
    constexpr std::uint64_t first = 0xa0761d6478bd642fU;
    constexpr std::uint64_t second = 0xe7037ed1a0b428dbU;
    std::uint64_t state = seed ^ first;
    const char* from = key.data();
    std::size_t left = key.size();
    for (; left > 16; left -= 16, from += 16) {
        state = detail::fold(detail::load(from, 8) ^ second, detail::load(from + 8, 8) ^ state);
    }
    const std::size_t low = left < 8 ? left : 8;
    const std::uint64_t a = low == 0 ? 0 : detail::load(from, low);
    const std::uint64_t b = left > 8 ? detail::load(from + 8, left - 8) : 0;
    return detail::fold(second ^ key.size(), detail::fold(a ^ second, b ^ state));
}

} // namespace packet_server
