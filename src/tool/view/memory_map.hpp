// Layer: tool. The addresses that blocks lay at, divided into squares, and how full each was at some moments.
//
//     slab of 64 KiB │ slab │ gap │ slab ...      those that small blocks ever lay in, by address
//     ■■■■■■■■■■■■■■
//
// A square is as small as the number of squares allows, from 256 bytes on; a slab then has as many as fit in it, at least one. Large
// blocks (above 64 KiB) count where they reach into such a slab; slabs that have nothing but large blocks are left out, unless the
// program had no others.
#pragma once

#include "address_ranges.hpp"
#include "block.hpp"
#include "survey.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace cenote::tool {

class memory_map {
public:
    static constexpr std::size_t most_squares = 8'192;
    static constexpr unsigned full = 15; // levels: 0 nothing, 1 to 15 in proportion

    struct occupancy {
        std::uint64_t live = 0;  // bytes asked for, in all of the address space
        std::uint64_t pages = 0; // bytes of the OS pages that hold one at least
        std::uint64_t slabs = 0; // bytes of the slabs of 64 KiB, likewise
    };

    memory_map(const trace_survey& of, std::uint64_t page_bytes);

    void add(const view_block& b) { change(b, true); }
    void remove(const view_block& b) { change(b, false); }

    occupancy now() const noexcept { return now_; }
    // Adds what has changed since the moment before to moments().
    void take_moment();

    std::uint64_t square_bytes() const noexcept { return square_bytes_; }
    std::uint64_t slab_bytes() const noexcept { return slab_bytes_; }
    std::size_t squares() const noexcept { return levels_.size(); }
    // Where they begin, in bytes.
    const std::vector<std::uint64_t>& slabs() const noexcept { return slabs_; }
    // For each moment the changes since the one before, in the order of the squares, each a byte: how many squares are skipped in the
    // high half, the new level in the low half. With 15 in the high half 15 are skipped and nothing
    // changes. 0xff ends a moment.
    const std::string& moments() const noexcept { return moments_; }

private:
    // The place of the slab that holds an address, or of the first behind it.
    std::size_t slab_at(std::uint64_t address) const noexcept;
    void change(const view_block& b, bool is_new);
    void change_squares(std::uint64_t begin, std::uint64_t end, bool is_new);
    void count_pages(const view_block& b, bool is_new);

    std::uint64_t page_bytes_;
    std::uint64_t square_bytes_ = 0;
    std::uint64_t slab_bytes_ = 0;
    std::vector<std::uint64_t> slabs_;
    std::vector<std::uint64_t> edges_; // bytes of blocks that begin or end in a square, by square
    std::vector<std::uint64_t>
        interior_; // changes, from a square to the next, of how many blocks cover all of it
    std::vector<unsigned char> levels_;
    // How many blocks lie in a page, or slab, of those that begin or end in it.
    std::unordered_map<std::uint64_t, std::uint32_t> page_blocks_;
    std::unordered_map<std::uint64_t, std::uint32_t> slab_blocks_;
    occupancy now_;
    std::string moments_;
};

} // namespace cenote::tool
