// Layer: adaptor. What lies where in a shared segment, and whether a file is one.
//
//     header                           128 bytes
//     seats                            64 bytes each: mark, number of the process
//     full groups                      1 byte for 64 blocks
//     owner words                      8 bytes for each block
//     blocks                           from a multiple of their alignment on, of 64 bytes at least
//
// All but the header is zeroes in a new segment. Nothing that is read from the file is followed before it was compared with
// what the reader computes itself: sizes and places come from the reader's own type and the header's two counts, which the
// file's length must agree with; they are copied once, so that whoever writes into the header later changes nothing.
#pragma once

#include "cenote/adaptor/segment_options.hpp"
#include "cenote/base/bits.hpp"
#include "cenote/base/units.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace cenote::detail {

struct segment_header {
    static constexpr std::uint64_t right_magic =
        0x0A65'746F'6E65'6389U; // no text; shows bytes that were turned round
    static constexpr std::uint32_t right_version = 1;

    std::uint64_t magic = 0;
    std::uint32_t version = 0;
    std::uint32_t header_bytes = 0;
    std::uint64_t object_bytes = 0;
    std::uint64_t object_alignment = 0;
    std::uint64_t capacity = 0;
    std::uint64_t seats = 0;
    std::uint64_t tag = 0;
    std::uint64_t file_bytes = 0;
    std::uint64_t sum = 0;
    std::uint64_t unused[7] = {};

    // Of all that stands before it (FNV-1a: Fowler, Noll, Vo, 1991).
    constexpr std::uint64_t sum_of_fields() const noexcept {
        std::uint64_t hash = 0xCBF2'9CE4'8422'2325U;
        for (const std::uint64_t field : {magic, std::uint64_t{version}, std::uint64_t{header_bytes},
                                          object_bytes, object_alignment, capacity, seats, tag, file_bytes})
            for (unsigned shift = 0; shift != 64; shift += 8)
                hash = (hash ^ (field >> shift & 0xFFU)) * 0x100'0000'01B3U;
        return hash;
    }
};
static_assert(sizeof(segment_header) == 128);

// A seat has a cache line, since its holder's mark is looked at by all.
struct alignas(cache_line) segment_seat {
    std::atomic<std::uint64_t> mark;
    std::atomic<std::uint32_t> process;
};
static_assert(sizeof(segment_seat) == cache_line);
// Else an atomic would need a lock of its process's.
static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
              std::atomic<std::uint8_t>::is_always_lock_free && sizeof(std::atomic<std::uint64_t>) == 8 &&
              sizeof(std::atomic<std::uint8_t>) == 1);

// Of the objects.
struct object_shape {
    std::size_t bytes = 0;
    std::size_t alignment = 0; // at most 4096: mappings lie at pages
};

struct segment_layout {
    static constexpr std::uint64_t group = 64; // blocks
    static constexpr std::uint64_t max_capacity = (std::uint64_t{1} << 32) - group;

    std::size_t capacity = 0;
    std::size_t seats = 0;
    std::size_t groups = 0;
    std::size_t block_bytes = 0;
    std::size_t full_at = 0; // bytes from the start, as all that follow
    std::size_t words_at = 0;
    std::size_t blocks_at = 0;
    std::size_t file_bytes = 0;

    static constexpr std::size_t seats_at = sizeof(segment_header);

    // False where there is no such segment: nothing to hold, too many to count, or more than any memory.
    constexpr bool compute(std::uint64_t objects, std::uint64_t participants, object_shape shape) noexcept {
        if (objects == 0 || objects > max_capacity || participants == 0 ||
            participants > owner_word::max_seats)
            return false;
        capacity = static_cast<std::size_t>(objects);
        seats = static_cast<std::size_t>(participants);
        groups = divide_up(capacity, group);
        block_bytes = round_up(shape.bytes, shape.alignment);
        full_at = seats_at + seats * sizeof(segment_seat);
        words_at = round_up(full_at + groups, cache_line);
        blocks_at = round_up(words_at + capacity * sizeof(std::uint64_t),
                             shape.alignment > cache_line ? shape.alignment : cache_line);
        constexpr std::size_t most = std::numeric_limits<std::ptrdiff_t>::max();
        if (block_bytes > (most - blocks_at) / capacity) return false;
        file_bytes = blocks_at + capacity * block_bytes;
        return true;
    }

    constexpr segment_header header(object_shape shape, std::uint64_t tag) const noexcept {
        segment_header h;
        h.magic = segment_header::right_magic;
        h.version = segment_header::right_version;
        h.header_bytes = sizeof(segment_header);
        h.object_bytes = shape.bytes;
        h.object_alignment = shape.alignment;
        h.capacity = capacity;
        h.seats = seats;
        h.tag = tag;
        h.file_bytes = file_bytes;
        h.sum = h.sum_of_fields();
        return h;
    }

    // Whether a file of `bytes` bytes that begins with `h` is a segment of such objects. If so, this becomes its layout.
    constexpr segment_error accept(const segment_header& h, std::uint64_t bytes, object_shape shape,
                                   const segment_options& asked) noexcept {
        if (h.magic != segment_header::right_magic) return segment_error::not_a_segment;
        if (h.version != segment_header::right_version) return segment_error::other_version;
        if (h.sum != h.sum_of_fields() || h.header_bytes != sizeof(segment_header))
            return segment_error::damaged;
        if (h.object_bytes != shape.bytes || h.object_alignment != shape.alignment)
            return segment_error::other_layout;
        if (asked.capacity != 0 && h.capacity != asked.capacity) return segment_error::other_layout;
        if (h.tag != asked.tag) return segment_error::other_tag;
        if (!compute(h.capacity, h.seats, shape) || h.file_bytes != file_bytes) return segment_error::damaged;
        if (bytes != file_bytes) return segment_error::truncated;
        return segment_error::none;
    }
};

} // namespace cenote::detail
