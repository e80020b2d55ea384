// Layer: tool. The sizes that a profile's class may have, by number: multiples of 16 to 8 KiB, of 128 beyond. Requests are counted by the
// least of them that is large enough.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/heap/size_class.hpp"
#include "cenote/slab/geometry.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace cenote::tool {

inline constexpr std::size_t fine_step = 16;
inline constexpr std::size_t fine_bytes = detail::size_class_tables::fine_limit;
inline constexpr std::size_t fine_steps = fine_bytes / fine_step; // numbers 1 to this
inline constexpr std::size_t coarse_step = detail::size_class_tables::coarse_step;
inline constexpr std::size_t size_steps =
    fine_steps + (detail::max_class_size - fine_bytes) / coarse_step + 1;

constexpr std::size_t step_size(std::size_t step) noexcept {
    return step <= fine_steps ? fine_step * step : fine_bytes + coarse_step * (step - fine_steps);
}
// Of a size up to the largest class.
constexpr std::size_t step_for(std::size_t size) noexcept {
    if (size <= fine_bytes) return std::max<std::size_t>(detail::divide_up(size, fine_step), 1);
    return fine_steps + detail::divide_up(size - fine_bytes, coarse_step);
}
// Nothing where no size class serves such a request.
constexpr std::optional<std::size_t> step_for(std::uint64_t size, std::uint8_t alignment_log2) noexcept {
    if (size > detail::max_class_size || alignment_log2 > 12) return std::nullopt;
    const std::size_t rounded =
        alignment_log2 <= 4 ? static_cast<std::size_t>(size)
                            : detail::round_up(std::max<std::size_t>(static_cast<std::size_t>(size), 1),
                                               std::size_t{1} << alignment_log2);
    if (rounded > detail::max_class_size) return std::nullopt;
    return step_for(rounded);
}

static_assert(step_size(size_steps - 1) == detail::max_class_size);
static_assert(step_for(fine_bytes) == fine_steps && step_for(fine_bytes + 1) == fine_steps + 1);

// What a block takes with its part of what is left at the end of a slab: of pages that hold a part of a block.
constexpr double resident_size(std::size_t block) noexcept {
    constexpr std::size_t page = 4096;
    const std::size_t blocks = std::min(detail::max_slab_blocks, detail::slab_stride_for(block) / block);
    return static_cast<double>(detail::round_up(blocks * block, page)) / static_cast<double>(blocks);
}

} // namespace cenote::tool
