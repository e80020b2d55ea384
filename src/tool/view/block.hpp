// Layer: tool. What is kept of a block while it lives.
#pragma once

#include "../trace/event.hpp"

#include <cstdint>

namespace cenote::tool {

struct view_block {
    std::uint64_t address = 0;
    std::uint64_t size = 0;  // asked for
    std::uint64_t time = 0;  // of its allocation
    std::uint32_t stack = 0; // its number in the trace; 0: not among those drawn

    // Behind its last byte; a block of nothing has an address all the same. Nothing of a damaged trace leads beyond the end.
    std::uint64_t end() const noexcept {
        const std::uint64_t bytes = size == 0 ? 1 : size;
        return address + bytes < address ? ~std::uint64_t{0} : address + bytes;
    }
};

// Of an allocation.
inline view_block block_of(const event& e) noexcept {
    return {.address = e.address, .size = e.size, .time = e.time, .stack = e.stack};
}

} // namespace cenote::tool
