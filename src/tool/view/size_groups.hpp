// Layer: tool. Groups of sizes: Cenote's size classes, and beyond them doublings.
#pragma once

#include "cenote/heap/size_class.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace cenote::tool {

inline constexpr std::size_t size_groups = detail::last_class + 1 + 48;

constexpr std::size_t size_group_of(std::uint64_t size) noexcept {
    if (size <= detail::max_class_size) return detail::class_for(static_cast<std::size_t>(size));
    return std::size_t{detail::last_class} + static_cast<std::size_t>(std::bit_width(size - 1)) - 16;
}
// The largest size of a group; the smallest is one more than the group before has, which need not be the group with the number before.
constexpr std::uint64_t size_group_end(std::size_t group) noexcept {
    if (group <= detail::last_class) return detail::class_size(static_cast<detail::size_class>(group));
    const std::size_t width = group - detail::last_class + 16;
    return width >= 64 ? ~std::uint64_t{0} : std::uint64_t{1} << width;
}
constexpr std::uint64_t size_group_begin(std::size_t group) noexcept {
    for (std::size_t before = group; before-- != 0;)
        if (size_group_of(size_group_end(before)) == before) return size_group_end(before) + 1;
    return 0;
}

static_assert(size_group_of(1) == size_group_of(16) && size_group_begin(size_group_of(1)) == 0);
static_assert(size_group_begin(size_group_of(17)) == 17 && size_group_end(size_group_of(17)) == 32);
static_assert(size_group_begin(size_group_of(65'537)) == 65'537 &&
              size_group_end(size_group_of(65'537)) == 131'072);
static_assert(size_group_of(131'072) == size_group_of(65'537) &&
              size_group_of(131'073) != size_group_of(65'537));
static_assert(size_group_of(~std::uint64_t{0}) < size_groups);

} // namespace cenote::tool
