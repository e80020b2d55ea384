// Layer: heap. The size classes that the heaps of this process have, and what goes by size class: how large magazines become,
// and how much a class takes from the units at a time. The usual ones, unless a profile says others before the first block.
//
// Data, not constants, so that a profile can be put in their place; no look-up takes an instruction more for that. They share
// their page with what every process writes to.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/units.hpp"
#include "cenote/heap/size_class.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace cenote::detail {

// Large memory is dealt in units; every unit belongs to one size class, one large block or one mapping.
inline constexpr std::size_t unit = 64_KiB;

// What a unit holds: blocks of the size class of that number, or one of these.
using unit_kind = std::uint8_t;
inline constexpr unit_kind kind_foreign = no_class;
inline constexpr unit_kind kind_large = last_class + 1; // the first unit of a large block
inline constexpr unit_kind kind_inner = last_class + 2; // a later one
inline constexpr unit_kind kind_mapping =
    last_class + 3; // the first unit of a mapping; later ones are as foreign
inline constexpr unit_kind kind_guarded = last_class + 4; // blocks between guards: see guarded_store.hpp
inline constexpr std::size_t unit_kinds = last_class + 5;

inline constexpr std::size_t least_magazine_limit = 2; // blocks
inline constexpr std::size_t most_magazine_limit = 4096;
inline constexpr std::size_t most_segment_units = 64; // of a size class: a whole shared segment

struct class_layout : size_class_tables {
    // The bits of an address that are zero at the first byte of every block of a kind: what a look at the address alone can
    // say of a pointer into a block. (The bitmaps know it exactly, when the block is put back.)
    std::array<std::uint16_t, unit_kinds> masks{};
    std::array<std::uint16_t, last_class + 1> magazine_limits{};
    std::array<std::uint8_t, last_class + 1> first_units{};   // of a class's first segment
    std::array<std::uint8_t, last_class + 1> segment_units{}; // of each later one
    std::uint32_t magazine_slots = 0; // of all magazines of a thread: see count_slots()

    constexpr explicit class_layout(const list& sizes_of) noexcept : size_class_tables(sizes_of) {
        for (size_class c = 1; c <= last_class; ++c) {
            masks[c] = static_cast<std::uint16_t>(alignment(c) - 1);
            magazine_limits[c] = static_cast<std::uint16_t>(usual_magazine_limit(c));
            first_units[c] = static_cast<std::uint8_t>(usual_first_bytes(c) / unit);
            segment_units[c] = static_cast<std::uint8_t>(usual_segment_bytes / unit);
        }
        count_slots();
    }

    // The most blocks that a magazine of this class holds, and the most that change hands at once.
    constexpr std::size_t magazine_limit(size_class c) const noexcept { return magazine_limits[c]; }
    constexpr std::size_t exchange_limit(size_class c) const noexcept { return magazine_limit(c) / 2; }
    // What a magazine holds that grows from `capacity` blocks; 0: its first ones.
    constexpr std::size_t next_capacity(size_class c, std::size_t capacity) const noexcept {
        const std::size_t first = std::clamp<std::size_t>(32_KiB / size(c), 2, 16);
        return std::min(capacity == 0 ? first : 4 * capacity, magazine_limit(c));
    }
    // Slots that all magazines take on their way to their largest capacity; slots outgrown are not used again.
    constexpr void count_slots() noexcept {
        std::size_t slots = 0;
        for (size_class c = 1; c <= last_class; ++c) {
            for (std::size_t capacity = next_capacity(c, 0);; capacity = next_capacity(c, capacity)) {
                slots += capacity + 1;
                if (capacity == magazine_limit(c)) break;
            }
        }
        magazine_slots = static_cast<std::uint32_t>(slots);
    }

    constexpr std::size_t first_bytes(size_class c) const noexcept { return first_units[c] * unit; }
    constexpr std::size_t segment_bytes(size_class c) const noexcept { return segment_units[c] * unit; }

    // At least one unit, and room for four blocks.
    constexpr std::size_t usual_first_bytes(size_class c) const noexcept {
        return std::max(unit, round_up(4 * size(c) + 8_KiB, unit));
    }

private:
    constexpr std::size_t usual_magazine_limit(size_class c) const noexcept {
        return std::clamp<std::size_t>(128_KiB / size(c), 4, 1024);
    }
    // A quarter of a shared segment, so that a heap with a limit can serve many classes; smaller ones would gather less of the
    // bitmaps in one place.
    static constexpr std::size_t usual_segment_bytes = 1_MiB;
};

// Written before the first block, and never again: see heap_list::settle().
extern constinit class_layout layout;

CENOTE_ALWAYS_INLINE bool may_be_block(const void* p, unit_kind k) noexcept {
    return (address_of(p) & layout.masks[k]) == 0;
}

// What the environment says: nothing, but in the replacements of malloc.
void read_profile(class_layout& to) noexcept;

} // namespace cenote::detail
