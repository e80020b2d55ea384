// Layer: heap. The size classes: which block size serves which request. These, unless a profile has others.
//
//     class     1 ..  16     8, 16, 24, ... 128          steps of 8 bytes
//              17 ..  24     144, 160, ... 256           eight classes to each doubling: at most 12.5 % apart
//              25 ..  32     288, 320, ... 512
//              ...
//              81 ..  88     36 KiB, 40 KiB, ... 64 KiB
//
// A request without an alignment gets a block at a multiple of 16, as operator new and malloc owe it; so the sizes that
// are only multiples of 8 serve those who say that they need no more.
// One look-up in a table: steps of 16 bytes up to 8 KiB, of 128 beyond, the layout of tcmalloc's tables (Ghemawat
// and Menage, 2005, "TCMalloc"), whose fine steps end at 1 KiB.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/units.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace cenote::detail {

using size_class = std::uint8_t;

inline constexpr size_class no_class = 0;
inline constexpr size_class last_class = 88;
inline constexpr std::size_t max_class_size = 64_KiB;
// Blocks of a class are aligned to the largest power of two that divides its size, up to this.
inline constexpr std::size_t max_class_alignment = 4_KiB;

constexpr std::size_t compute_class_size(std::size_t c) noexcept {
    if (c <= 16) return 8 * c;
    const std::size_t doubling = (c - 17) / 8;
    return (std::size_t{128} << doubling) + ((c - 17) % 8 + 1) * (std::size_t{16} << doubling);
}

struct size_class_tables {
    static constexpr std::size_t finest_limit = 1_KiB; // of `finest`, in steps of 8 bytes
    static constexpr std::size_t fine_limit = 8_KiB;   // of `fine`, in steps of 16
    static constexpr std::size_t coarse_step = 128;
    using list = std::array<std::uint32_t, last_class + 1>;

    list sizes;
    std::array<size_class, finest_limit / 8 + 1> finest{}; // the least class that is large enough
    std::array<size_class, fine_limit / 16 + 1> fine{};    // and whose size is a multiple of 16
    // From fine_limit on.
    std::array<size_class, (max_class_size - fine_limit) / coarse_step + 1> coarse{};

    // Of sizes in ascending order, multiples of what they are looked up by; max_class_size is the last, and may be there
    // more than once.
    constexpr explicit size_class_tables(const list& of) noexcept : sizes(of) {
        std::size_t c = 1;
        for (std::size_t i = 0; i != finest.size(); ++i) {
            while (sizes[c] < 8 * i)
                ++c;
            finest[i] = static_cast<size_class>(c);
        }
        c = 1;
        for (std::size_t i = 0; i != fine.size(); ++i) {
            while (sizes[c] < 16 * i || sizes[c] % 16 != 0)
                ++c;
            fine[i] = static_cast<size_class>(c);
        }
        for (std::size_t i = 0; i != coarse.size(); ++i) {
            while (sizes[c] < fine_limit + i * coarse_step)
                ++c;
            coarse[i] = static_cast<size_class>(c);
        }
    }

    // Bytes of a block; 0 for no_class.
    constexpr std::size_t size(size_class c) const noexcept { return sizes[c]; }

    constexpr std::size_t alignment(size_class c) const noexcept {
        const std::size_t bytes = size(c);
        return std::min(bytes & (~bytes + 1), max_class_alignment);
    }

    // For requests up to max_class_size, whose blocks are at multiples of 16.
    CENOTE_ALWAYS_INLINE constexpr size_class find(std::size_t bytes) const noexcept {
        if (bytes <= fine_limit) [[likely]]
            return fine[(bytes + 15) / 16];
        return coarse[(bytes + (coarse_step - 1)) / coarse_step - fine_limit / coarse_step];
    }
    // For any request whose alignment is a power of two; no_class where none is large enough, or aligned so.
    CENOTE_ALWAYS_INLINE constexpr size_class find(std::size_t bytes, std::size_t aligned) const noexcept {
        if (bytes <= finest_limit && aligned <= 16) [[likely]]
            return aligned <= 8 ? finest[(bytes + 7) / 8] : fine[(bytes + 15) / 16];
        return find_rounded(bytes, aligned);
    }

private:
    // Of the usual classes the least that is large enough is aligned as well: where they are no more than the alignment apart,
    // the rounded size is one of them; where they are further apart, each is a multiple of more than that. Of others, it may be
    // a later one; the last is aligned to anything.
    constexpr size_class find_rounded(std::size_t bytes, std::size_t aligned) const noexcept {
        if (bytes > max_class_size || aligned > max_class_alignment) return no_class;
        const std::size_t rounded = round_up(std::max<std::size_t>(bytes, 1), aligned);
        if (rounded > max_class_size) return no_class;
        size_class c = rounded <= finest_limit ? finest[(rounded + 7) / 8] : find(rounded);
        while ((sizes[c] & (aligned - 1)) != 0)
            ++c;
        return c;
    }
};

constexpr size_class_tables::list compute_class_sizes() noexcept {
    size_class_tables::list sizes{};
    for (std::size_t c = 1; c <= last_class; ++c)
        sizes[c] = static_cast<std::uint32_t>(compute_class_size(c));
    return sizes;
}
inline constexpr size_class_tables size_classes{compute_class_sizes()};

// As above, of the usual classes; a heap may have others: src/heap/class_layout.hpp.
constexpr std::size_t class_size(size_class c) noexcept { return size_classes.size(c); }
constexpr std::size_t class_alignment(size_class c) noexcept { return size_classes.alignment(c); }
CENOTE_ALWAYS_INLINE constexpr size_class class_for(std::size_t size) noexcept {
    return size_classes.find(size);
}
CENOTE_ALWAYS_INLINE constexpr size_class class_for(std::size_t size, std::size_t alignment) noexcept {
    return size_classes.find(size, alignment);
}

} // namespace cenote::detail
