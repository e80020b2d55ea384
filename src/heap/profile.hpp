// Layer: heap. Reads a profile: a text that says which size classes a program is best served by. docs/profile-format.md has the
// format.
#pragma once

#include "class_layout.hpp"

#include <cstddef>

namespace cenote::detail {

inline constexpr std::size_t most_profile_bytes = 16_KiB;

struct profile_fault {
    const char* what = nullptr; // nullptr: none
    unsigned line = 0;          // counted from 1; 0: of the whole
};

// `to` is as it was where there is a fault. O(bytes).
profile_fault parse_profile(const char* text, std::size_t bytes, class_layout& to) noexcept;

} // namespace cenote::detail
