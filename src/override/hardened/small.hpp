// Layer: override. Blocks of the size classes, hardened.
//
//     block of a class (the heap's)
//     +-------------------------+--------------------+---------+
//     | the caller's bytes      | canary ...         | seal    |     seal.hpp
//     | size                    | 0 bytes or more    | 8 bytes |
//     +-------------------------+--------------------+---------+
//
// A freed block is all junk but for its seal, which says so. The heap writes nothing into free blocks; it may give
// pages back to the OS, which come again as zeroes. So each page of a block that comes from the heap is all zeroes or all
// junk, and what is neither was written by somebody after the block was freed.
#pragma once

#include "cenote/heap/size_class.hpp"

#include <cstddef>
#include <cstdint>

namespace cenote::detail::hardened {

inline constexpr std::size_t seal_bytes = sizeof(std::uint64_t);

// What to say of a pointer that is no live block.
struct complaint {
    const char* of_no_block;
    const char* of_freed;
};

// nullptr where the heap refuses. `c` has room for `size` bytes and the seal.
void* allocate_small(size_class c, std::size_t size, bool zeroed) noexcept;
// Bytes that were asked for. Reports what is no live block; `p` lies in a unit of the class `c`.
std::size_t size_of_small(const void* p, size_class c, const complaint& say) noexcept;
// Of a live block of `size` bytes.
void deallocate_small(void* p, size_class c, std::size_t size) noexcept;
// Of a live block of `size` bytes; false where it has to move.
bool resize_small(void* p, size_class c, std::size_t size, std::size_t wanted) noexcept;

// What waits goes to the heap. Returns how many blocks.
std::size_t release_waiting_small() noexcept;
void check_waiting_small() noexcept;

} // namespace cenote::detail::hardened
