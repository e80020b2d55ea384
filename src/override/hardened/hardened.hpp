// Layer: override. What the hardened replacement puts between malloc's functions and the heap, so that wrong uses of memory
// are found; docs/hardened.md says which, when, and what that costs. Only libcenote-malloc-hardened.so has it.
//
//     features.hpp   what is looked for; the environment may switch parts off
//     seal.hpp       the word that stands behind each block, and which nobody else can write
//     small.cpp      blocks of the size classes
//     waiting.cpp    where they wait between two owners
//     large.cpp      larger ones, with guards round them
//     entry.cpp      the functions below, and forks
//
// Locks: a place where blocks wait has one. Nothing is called under it, so it has no place in the order of the heap's.
#pragma once

#include "heap/process_heap.hpp"

#include "cenote/heap/stats.hpp"

#include <cstddef>

namespace cenote::detail::hardened {

// As the functions of the heap of the same names; `alignment` is a power of two. A block's usable size is what was asked
// for, to the byte.
void* allocate(std::size_t size, std::size_t alignment) noexcept;
void* allocate_zeroed(std::size_t size, std::size_t alignment) noexcept;
void* reallocate(void* p, std::size_t size) noexcept; // not nullptr, not 0
std::size_t usable_size(const void* p) noexcept;
void deallocate(void* p) noexcept;
// Reports a size that is not that which was asked for.
void deallocate(void* p, std::size_t size, std::size_t alignment) noexcept;

// What waits goes back to the heap first.
std::size_t trim() noexcept;
// Looks at all that waits.
void check_waiting() noexcept;
// What waits counts as free.
heap_stats stats() noexcept;
size_class_stats stats_of(size_class c) noexcept;

} // namespace cenote::detail::hardened
