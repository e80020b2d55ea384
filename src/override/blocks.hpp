// Layer: override. What malloc's functions do to blocks: the heap of the process as it is, or in the hardened library with
// its checks in between, or in the counting one with its counts.
#pragma once

#include "counting/counting.hpp"
#include "hardened/hardened.hpp"
#include "override.hpp"

#include "cenote/base/config.hpp"

#include <cstddef>

namespace cenote::detail {

inline constexpr std::size_t least_alignment = 16;

CENOTE_ALWAYS_INLINE void* allocate_block(std::size_t size) noexcept {
    if constexpr (is_hardened)
        return hardened::allocate(size, least_alignment);
    else if constexpr (is_counting)
        return counting::allocate(size, least_alignment);
    else
        return process_allocate(size);
}
// `alignment` is a power of two.
CENOTE_ALWAYS_INLINE void* allocate_block(std::size_t size, std::size_t alignment) noexcept {
    if constexpr (is_hardened)
        return hardened::allocate(size, alignment);
    else if constexpr (is_counting)
        return counting::allocate(size, alignment);
    else
        return process_allocate(size, alignment);
}
inline void* allocate_zeroed_block(std::size_t size) noexcept {
    if constexpr (is_hardened)
        return hardened::allocate_zeroed(size, least_alignment);
    else if constexpr (is_counting)
        return counting::allocate_zeroed(size);
    else
        return process_heap.allocate_zeroed(size, least_alignment);
}
// Not nullptr, not 0.
inline void* reallocate_block(void* p, std::size_t size) noexcept {
    if constexpr (is_hardened)
        return hardened::reallocate(p, size);
    else if constexpr (is_counting)
        return counting::reallocate(p, size);
    else
        return process_heap.reallocate(p, size, least_alignment);
}
CENOTE_ALWAYS_INLINE void deallocate_block(void* p) noexcept {
    if constexpr (is_hardened)
        hardened::deallocate(p);
    else if constexpr (is_counting)
        counting::deallocate(p);
    else
        process_deallocate(p);
}
// With the size, and alignment, that the caller says; reports a wrong one.
void deallocate_block(void* p, std::size_t size, std::size_t alignment) noexcept;
// The same, of the heap as it is.
void deallocate_sized(void* p, std::size_t size, std::size_t alignment) noexcept;

inline std::size_t usable_size(const void* p) noexcept {
    if constexpr (is_hardened)
        return hardened::usable_size(p);
    else
        return process_heap.usable_size(p);
}
inline std::size_t trim_blocks() noexcept {
    if constexpr (is_hardened)
        return hardened::trim();
    else
        return process_heap.trim();
}
inline void check_waiting_blocks() noexcept {
    if constexpr (is_hardened)
        hardened::check_waiting();
    else
        process_heap.check_waiting();
}
inline heap_stats stats_of_blocks() noexcept {
    if constexpr (is_hardened)
        return hardened::stats();
    else
        return process_heap.stats();
}
inline size_class_stats stats_of_blocks(size_class c) noexcept {
    if constexpr (is_hardened)
        return hardened::stats_of(c);
    else
        return process_heap.stats_of(c);
}

} // namespace cenote::detail
