// Layer: heap. How little of some free memory there was since a mark: as much as that was of no use to anybody. What size
// classes, units and mappings know of their own, and what the policy of giving back goes by.
//
// Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>

namespace cenote::detail {

class low_water {
public:
    // A new mark, at which there is so much.
    constexpr void mark(std::size_t now) noexcept {
        least_ = now;
        is_used_ = false;
    }
    // There is only so much left, whatever for.
    constexpr void fall(std::size_t to) noexcept { least_ = std::min(least_, to); }
    // Somebody needed memory.
    constexpr void use() noexcept { is_used_ = true; }

    constexpr bool is_used() const noexcept { return is_used_; }
    // What of `now` was of no use since the mark: all, where nobody needed any.
    constexpr std::size_t idle(std::size_t now) const noexcept { return is_used_ ? least_ : now; }
    constexpr std::size_t least() const noexcept { return least_; }

private:
    std::size_t least_ = 0;
    bool is_used_ = false;
};

} // namespace cenote::detail
