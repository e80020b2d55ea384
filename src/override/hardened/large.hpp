// Layer: override. Blocks above the largest size class, hardened.
//
//     block of the heap, at a multiple of a unit
//     +-------+-----------------------+-----------+----------- ... ----------+--------+
//     | guard | the caller's bytes    | canary    | guard                    | record |
//     | page  | size                  | to a page | a page or more           | a page |
//     +-------+-----------------------+-----------+----------- ... ----------+--------+
//
// The first guard is missing where the caller's alignment is more than a page. A freed block waits without its pages,
// and guarded as a whole but for the record.
#pragma once

#include "small.hpp"

#include <cstddef>

namespace cenote::detail::hardened {

// nullptr, and errno, where the heap refuses. With `room` the block may later grow to that many bytes where it lies; 0
// for none.
void* allocate_large(std::size_t size, std::size_t alignment, std::size_t room, bool zeroed) noexcept;
// As for small ones; `p` may be any pointer that is in no unit of a class.
std::size_t size_of_large(const void* p, const complaint& say) noexcept;
void deallocate_large(void* p) noexcept;
bool resize_large(void* p, std::size_t wanted) noexcept;

// What waits goes to the heap. Returns how many blocks.
std::size_t release_waiting_large() noexcept;

struct waiting_large {
    std::size_t bytes = 0;
    std::size_t bytes_of_mappings = 0; // part of them
    std::size_t mappings = 0;          // how many those are
};
waiting_large waiting_large_bytes() noexcept;

void lock_waiting_large() noexcept;
void unlock_waiting_large() noexcept;

} // namespace cenote::detail::hardened
