// Layer: slab. A segment: a header with the bitmaps of up to 64 slabs, and the slabs.
//
//     segment (first address: `this`)
//     +-----------+------------------------------+-----------------+---------+------------+--------+-- ... --+
//     | header    | free bitmap                  | summary         | spare   | slab 0     | slab 1 |         |
//     | 128 bytes | words_per_slab words a slab  | one word a slab | (caller)| stride     |        |         |
//     +-----------+------------------------------+-----------------+---------+------------+--------+-- ... --+
//                                                                            ^ blocks
// Three levels, each a summary of the next, so that the lowest free block is three bit scans away:
//
//     header.nonfull   bit s: slab s has a free block
//     summary[s]       bit w: word w of slab s's bitmap is not zero
//     bitmap[s][w]     bit b: block 64 w + b of slab s is free
//
// Invariants, checked by `valid()`:
//   - a summary bit is set exactly where the word it stands for is not zero;
//   - blocks are opened in order: only the first `opened` of the segment's `total` blocks were ever free or handed
//     out. Words beyond them have never been written: a fresh segment touches no page of its bitmap but the first, and
//     its memory need not be zeroed;
//   - a block that is neither free here nor unopened is taken: live, or waiting in a magazine.
//
// All bitmaps of a segment lie side by side, because slab heads at the same offset of every slab would share a few
// cache sets. Two levels of summary words over allocation bitmaps are also in Go's page allocator (Knyszek and
// Clements, 2019, "Scaling the Go page allocator").
#pragma once

#include "cenote/base/algorithm.hpp"
#include "cenote/base/bits.hpp"
#include "cenote/base/poison.hpp"

#include <cstddef>
#include <cstdint>

namespace cenote::detail {

// Where one block is: slab of the segment, block of the slab.
struct block_place {
    std::size_t slab;
    std::size_t index;
};

// Of all segments of an owner together; kept up in the header of its first.
struct segment_sums {
    std::size_t bytes = 0; // as taken from the source
    std::size_t segments = 0;
    std::size_t opened = 0; // blocks
    std::size_t slabs = 0;  // with an opened block

    friend bool operator==(const segment_sums&, const segment_sums&) noexcept = default;
};

struct alignas(64) segment {
    segment* next = nullptr;          // among all segments of the owner
    segment* next_nonfull = nullptr;  // among those with a free block
    segment* next_unopened = nullptr; // among those with blocks never opened
    std::byte* blocks = nullptr;      // the first block of slab 0
    std::uint64_t nonfull = 0;
    std::uint64_t given_back =
        0;                   // bit s: nothing of slab s was taken or put since its free pages were given back
    std::size_t bytes = 0;   // as taken from the source
    std::uint32_t total = 0; // blocks
    std::uint32_t opened = 0; // blocks
    std::uint32_t bitmap_words = 0;
    segment_sums of_all; // of the owner's first segment alone

    std::uint64_t* bitmap() noexcept { return reinterpret_cast<std::uint64_t*>(this + 1); }
    const std::uint64_t* bitmap() const noexcept { return reinterpret_cast<const std::uint64_t*>(this + 1); }
    std::uint64_t* summary() noexcept { return bitmap() + bitmap_words; }
    const std::uint64_t* summary() const noexcept { return bitmap() + bitmap_words; }

    // The block of `g` at `place`.
    template <class Geometry>
    std::byte* at(const Geometry& g, block_place place) const noexcept {
        return blocks + (place.slab << g.stride_shift()) + place.index * g.block_size();
    }

    // Slabs with at least one opened block.
    template <class Geometry>
    std::size_t opened_slabs(const Geometry& g) const noexcept {
        return divide_up(opened, g.blocks_per_slab());
    }

    // Opened blocks of slab `s`.
    template <class Geometry>
    std::size_t opened_in(const Geometry& g, std::size_t s) const noexcept {
        const std::size_t before = s * g.blocks_per_slab();
        return opened <= before ? 0 : detail::min<std::size_t>(opened - before, g.blocks_per_slab());
    }

    // The opened blocks of word `w` of slab `s`, as a mask.
    template <class Geometry>
    std::uint64_t opened_mask(const Geometry& g, std::size_t s, std::size_t w) const noexcept {
        const std::size_t in_slab = opened_in(g, s);
        return in_slab <= w * word_bits ? 0 : low_bits(in_slab - w * word_bits);
    }

    // Word `w` of slab `s` has free blocks, and had none. True if the segment had none before.
    [[gnu::noinline]] bool mark_word(std::size_t s, std::size_t w) noexcept {
        const std::uint64_t before = summary()[s];
        summary()[s] = before | (std::uint64_t{1} << w);
        if (before != 0) return false;
        const bool was_full = nonfull == 0;
        nonfull |= std::uint64_t{1} << s;
        return was_full;
    }

    // Opens the blocks that remain of the first slab not yet opened to its end. Needs opened < total. True if the
    // segment had no free block before.
    template <class Geometry>
    bool open_slab(const Geometry& g) noexcept {
        const std::size_t s = opened / g.blocks_per_slab();
        const std::size_t count = detail::min<std::size_t>(total - opened, g.blocks_per_slab());
        opened += static_cast<std::uint32_t>(count);
        std::uint64_t* const words = bitmap() + s * g.words_per_slab();
        const std::size_t used = divide_up(count, word_bits);
        for (std::size_t w = 0; w != used; ++w)
            words[w] = low_bits(count - w * word_bits);
        summary()[s] = low_bits(used);
        const bool was_full = nonfull == 0;
        nonfull |= std::uint64_t{1} << s;
        hide_range(at(g, {s, 0}), count * g.block_size());
        return was_full;
    }

    // Every opened block of slab `s` is free, and there is one.
    template <class Geometry>
    bool slab_empty(const Geometry& g, std::size_t s) const noexcept {
        const std::uint64_t* const words = bitmap() + s * g.words_per_slab();
        for (std::size_t w = 0; w != g.words_per_slab(); ++w) {
            const std::uint64_t open = opened_mask(g, s, w);
            if (open == 0) return w != 0;
            if (words[w] != open) return false;
        }
        return true;
    }

    template <class Geometry>
    bool empty(const Geometry& g) const noexcept {
        for (std::size_t s = 0; s != opened_slabs(g); ++s)
            if (!slab_empty(g, s)) return false;
        return true;
    }

    // Forgets what was handed out: every block is unopened again.
    template <class Geometry>
    void close_all(const Geometry& g) noexcept {
        const std::size_t slabs = opened_slabs(g);
        zero_n(bitmap(), detail::min<std::size_t>(slabs * g.words_per_slab(), bitmap_words));
        zero_n(summary(), slabs);
        for (std::size_t s = 0; s != slabs; ++s)
            hide_range(at(g, {s, 0}), opened_in(g, s) * g.block_size());
        opened = 0;
        nonfull = 0;
    }

    // Walks the whole segment and says whether the invariants at the top of this file hold. O(blocks / 64).
    template <class Geometry>
    bool valid(const Geometry& g) const noexcept {
        if (opened > total) return false;
        for (std::size_t s = 0; s != word_bits; ++s) {
            const bool has_blocks = s < opened_slabs(g);
            std::uint64_t expected = 0;
            for (std::size_t w = 0; has_blocks && w != g.words_per_slab(); ++w) {
                const std::uint64_t open = opened_mask(g, s, w);
                if (open == 0) break;
                const std::uint64_t word = bitmap()[s * g.words_per_slab() + w];
                if ((word & ~open) != 0) return false;
                if (word != 0) expected |= std::uint64_t{1} << w;
            }
            if (has_blocks && summary()[s] != expected) return false;
            if (((nonfull >> s) & 1) != (expected != 0 ? 1U : 0U)) return false;
        }
        return true;
    }
};

static_assert(sizeof(segment) == 128, "the header is drawn with 128 bytes above");

} // namespace cenote::detail
