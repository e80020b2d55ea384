// Layer: tool. How long blocks of which size lived, in doublings of both.
#pragma once

#include "block.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace cenote::tool {

// By doubling: 0 has 0 and 1, 1 has 2 and 3, 2 has 4 to 7, ...
constexpr std::size_t doubling_of(std::uint64_t n) noexcept {
    return static_cast<std::size_t>(std::bit_width(n | 1U)) - 1;
}

class lifetimes {
public:
    struct sum {
        std::uint64_t blocks = 0;
        std::uint64_t bytes = 0;
    };
    static constexpr std::size_t doublings = 64;
    // Times are known to 64 ns.
    static constexpr std::size_t shortest = 6;

    void freed(const view_block& b, std::uint64_t time) noexcept {
        const std::uint64_t lived = time > b.time ? time - b.time : 0;
        add(ended[doubling_of(b.size)][std::max(doubling_of(lived), shortest)], b);
    }
    void never_freed(const view_block& b) noexcept { add(left[doubling_of(b.size)], b); }

    std::array<std::array<sum, doublings>, doublings> ended{}; // by size, then by nanoseconds
    std::array<sum, doublings> left{};                         // at the end, by size

private:
    static void add(sum& to, const view_block& b) noexcept {
        ++to.blocks;
        to.bytes += b.size;
    }
};

} // namespace cenote::tool
