// A round through malloc, calloc, realloc, aligned_alloc and free in all regions of sizes, for the places where a
// program is not itself: before main, after it, in a child of a fork, in a destructor of a thread. Uses nothing but malloc.
#pragma once

#include "override/hidden.hpp"

#include <cstdint>
#include <cstdlib>

namespace cenote_test {

// Null when all went well, otherwise what did not.
inline const char* exercise(std::uint64_t stamp) noexcept {
    void* blocks[region_count];
    for (std::size_t i = 0; i != region_count; ++i) {
        const std::size_t size = hidden(sizes_of_all_regions[i]);
        switch ((i + stamp) % 3) {
        case 0:
            blocks[i] = std::malloc(size);
            break;
        case 1:
            blocks[i] = std::calloc(1, size);
            break;
        default:
            blocks[i] = std::aligned_alloc(64, size);
            break;
        }
        if (blocks[i] == nullptr) return "no memory";
        if (!is_aligned(blocks[i], 16)) return "a block is not aligned";
        if ((i + stamp) % 3 == 1 && size <= 100'000 && !pattern{blocks[i], size}.is_zero())
            return "calloc's memory is not zero";
        pattern{blocks[i], size}.fill(stamp + i);
    }
    for (std::size_t i = 0; i != region_count; ++i) {
        const std::size_t size = sizes_of_all_regions[i];
        if (!pattern{blocks[i], size}.holds(stamp + i)) return "a block was overwritten";
        // Of every third block the size changes, to that of another region.
        if (i % 3 == 0) {
            const std::size_t other = hidden(sizes_of_all_regions[(i * 7 + 11) % region_count] + 1);
            void* const moved = std::realloc(blocks[i], other);
            if (moved == nullptr) return "no memory from realloc";
            if (!pattern{moved, size}.holds(stamp + i, size < other ? size : other))
                return "realloc lost contents";
            blocks[i] = moved;
        }
    }
    // Neither in the order of allocation nor against it.
    for (std::size_t i = 0; i != region_count; ++i)
        std::free(blocks[i * 11 % region_count]);
    return nullptr;
}
static_assert(region_count % 11 != 0);

} // namespace cenote_test
