// Layer: adaptor. How many objects an allocator can be asked for.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"

#include <cstddef>
#include <limits>

namespace cenote::detail {

// More are larger than any difference of two pointers to them.
template <class T>
inline constexpr std::size_t most_objects = std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T);

// Of `n` objects. Throws std::bad_array_new_length for more than there can be.
template <class T>
CENOTE_ALWAYS_INLINE std::size_t array_bytes(std::size_t n) {
    if (n > most_objects<T>) [[unlikely]]
        throw_bad_array_new_length();
    return n * sizeof(T);
}

} // namespace cenote::detail
