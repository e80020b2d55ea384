// The file that holds a recorded allocation pattern, as the server writes it and the replay reads it.
//
//     header   8 bytes "CENOTREC" · u32 version · u32 kinds · u32 object size per kind (0: told by each
//     event) · u32 crc frame    u32 bytes of payload · u32 events in it · u32 crc of the payload · payload
//     (any number of frames) end      u32 0 · u32 0 · u32 0
//
// Numbers are little-endian; crc is CRC-32 (IEEE 802.3). An event is one byte, kind in bits 0-2 and bit 3 set
// for a free, followed by variable-length numbers (seven bits a byte, lowest first): for an allocation the
// size, unless the kind has a fixed one, and the slot; for a free the slot. A slot names an object from its
// allocation to its free and is then used again, so slots stay as dense as the live objects were.
//
// Frames make a damaged file readable up to the damage, and the end tells a whole file from a truncated one.
#pragma once

#include "kinds.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace packet_server::record_format {

inline constexpr std::string_view magic = "CENOTREC";
inline constexpr std::uint32_t version = 1;
inline constexpr std::size_t header_bytes = magic.size() + 4 + 4 + 4 * kind_count + 4;
inline constexpr std::size_t frame_header_bytes = 12;
inline constexpr std::size_t largest_payload = 65536;
inline constexpr std::size_t longest_event = 1 + 10 + 5;
inline constexpr std::uint8_t kind_mask = 7;
inline constexpr std::uint8_t free_flag = 8;

static_assert(kind_count <= kind_mask + 1);

// Bytes of an object of each kind, 0 where every one has its own size.
using kind_sizes = std::array<std::uint32_t, kind_count>;

namespace detail {
constexpr std::array<std::uint32_t, 256> make_crc_table() noexcept {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int bit = 0; bit < 8; ++bit)
            c = (c & 1) != 0 ? 0xedb88320U ^ (c >> 1) : c >> 1;
        table[i] = c;
    }
    return table;
}
inline constexpr std::array<std::uint32_t, 256> crc_table = make_crc_table();
} // namespace detail

constexpr std::uint32_t crc32(std::string_view bytes) noexcept {
    std::uint32_t c = 0xffffffffU;
    for (const char byte : bytes) {
        c = detail::crc_table[(c ^ static_cast<std::uint8_t>(byte)) & 0xff] ^ (c >> 8);
    }
    return ~c;
}
static_assert(crc32("123456789") == 0xcbf43926U);

inline void put_u32(char* to, std::uint32_t value) noexcept {
    for (int i = 0; i < 4; ++i)
        to[i] = static_cast<char>(value >> (8 * i));
}
inline std::uint32_t get_u32(const char* from) noexcept {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i)
        value |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(from[i])) << (8 * i);
    return value;
}

} // namespace packet_server::record_format
