// Layer: source. Taking the memory of a segment: as much as wanted, or, when the source refuses, as much as it gives.
#pragma once

#include "cenote/base/algorithm.hpp"
#include "cenote/source/source.hpp"

#include <cstddef>

namespace cenote::detail {

struct segment_memory {
    void* base = nullptr; // nullptr: the source has not even `least` bytes
    std::size_t bytes = 0;
};

// What to ask for where growth wants `wanted` bytes and can use no fewer than `least`: of a bounded source all that it
// can give in one piece.
template <memory_source Source>
std::size_t segment_goal([[maybe_unused]] const Source& source, std::size_t wanted, std::size_t least,
                         [[maybe_unused]] std::size_t alignment) noexcept {
    if constexpr (bounded_source<Source>)
        return detail::max(least, source.largest(alignment));
    else
        return detail::max(least, wanted);
}

// Asks for `wanted` bytes, then for half of that and so on, down to `least`. O(log(wanted / least)) calls.
template <memory_source Source>
segment_memory take_segment(Source& source, std::size_t wanted, std::size_t least,
                            std::size_t alignment) noexcept {
    for (std::size_t bytes = detail::max(wanted, least);; bytes = detail::max(bytes / 2, least)) {
        if (void* const base = source.allocate(bytes, alignment); base != nullptr) return {base, bytes};
        if (bytes == least) return {};
    }
}

} // namespace cenote::detail
