// Layer: tool. The bytes of a trace, as docs/trace-format.md describes them:
//
//     "CenoteTr"  version  0                      the file's header, 16 bytes
//     block, block, block, ...
//
//     "CnBk"  type  stored  plain  check (8)      a block's header, 24 bytes
//     stored bytes: a zstd frame of `plain` bytes
//
// All numbers are little-endian. A block needs none of those before it, so that a damaged one costs its own events.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cenote::tool {

static_assert(std::endian::native == std::endian::little,
              "traces are written as the machine has its numbers");

inline constexpr std::array<char, 8> trace_magic{'C', 'e', 'n', 'o', 't', 'e', 'T', 'r'};
inline constexpr std::uint32_t trace_version = 1;
inline constexpr std::size_t trace_header_bytes = 16;

inline constexpr std::array<char, 4> block_magic{'C', 'n', 'B', 'k'};
inline constexpr std::size_t block_header_bytes = 24;
// What a reader believes at most.
inline constexpr std::uint32_t most_block_bytes = 64U << 20U;
inline constexpr std::uint32_t most_block_events = 65'536;
inline constexpr std::uint64_t most_events_a_byte = 4'096;

enum class block_type : std::uint32_t { description = 1, events = 2, end = 3 };

struct block_header {
    block_type type;
    std::uint32_t stored;
    std::uint32_t plain;
    std::uint64_t check; // XXH3, 64 bits, of the 16 bytes before it and of what is stored
};

// The columns of a block of events. Each is compressed better by itself than event by event.
enum column : std::size_t { heads, times, sizes, addresses, objects, extras };
inline constexpr std::size_t columns = 6;

struct events_header {
    std::uint64_t first_event;
    std::uint64_t next_object; // what the first allocation gets
    std::uint64_t first_time;  // nanoseconds
    std::uint32_t count;
    std::uint32_t unused;
    std::array<std::uint32_t, columns> lengths;
};
static_assert(sizeof(events_header) == 56);

// In a head, beside the kind.
inline constexpr std::uint8_t head_kind = 0x0f;
inline constexpr std::uint8_t head_thread = 0x10; // another thread than the event before; first in the extras
inline constexpr std::uint8_t head_option = 0x20; // alignment of an allocation, size of a delete
inline constexpr std::uint8_t head_stack = 0x40;
inline constexpr std::uint8_t head_failed = 0x80;

// Times in the columns are in these units.
inline constexpr std::uint64_t time_unit = 64;

constexpr std::uint64_t zigzag(std::uint64_t difference) noexcept {
    return (difference << 1U) ^ (0 - (difference >> 63U));
}
constexpr std::uint64_t unzigzag(std::uint64_t n) noexcept { return (n >> 1U) ^ (0 - (n & 1U)); }

inline constexpr std::size_t most_varint_bytes = 10;

inline unsigned char* put_varint(unsigned char* to, std::uint64_t n) noexcept {
    while (n >= 0x80) {
        *to++ = static_cast<unsigned char>(n | 0x80U);
        n >>= 7U;
    }
    *to++ = static_cast<unsigned char>(n);
    return to;
}

// Reads within its bounds; what is not there is 0, and remembered.
class byte_cursor {
public:
    byte_cursor() = default;
    byte_cursor(const unsigned char* begin, std::size_t bytes) noexcept : next_(begin), end_(begin + bytes) {}

    bool failed() const noexcept { return failed_; }
    std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - next_); }

    unsigned char byte() noexcept { return next_ != end_ ? *next_++ : miss(); }
    std::uint64_t varint() noexcept {
        if (next_ != end_ && *next_ < 0x80) [[likely]]
            return *next_++;
        std::uint64_t n = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (next_ == end_) break;
            const std::uint64_t b = *next_++;
            n |= (b & 0x7fU) << shift;
            if (b < 0x80) return n;
        }
        return miss();
    }
    // nullptr where there are not as many.
    const unsigned char* bytes(std::uint64_t count) noexcept {
        if (count > left()) {
            miss();
            return nullptr;
        }
        next_ += count;
        return next_ - count;
    }

private:
    unsigned char miss() noexcept {
        failed_ = true;
        next_ = end_;
        return 0;
    }

    const unsigned char* next_ = nullptr;
    const unsigned char* end_ = nullptr;
    bool failed_ = false;
};

} // namespace cenote::tool
