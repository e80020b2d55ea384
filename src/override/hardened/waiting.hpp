// Layer: override. Where blocks of the size classes wait: freed ones in the waiting room, until one is drawn by lot; and new
// ones on the shelf, from which the next is drawn.
//
//     free ──> waiting room ──(full: any one)──> heap ──> shelf ──(any one)──> malloc
//
// The waiting room of a class holds at most 512 blocks, and 128 KiB where those are more than 8; the shelf 32, and 256 KiB
// where those are more than 8.
#pragma once

#include "cenote/heap/size_class.hpp"

#include <cstddef>

namespace cenote::detail::hardened {

struct waiting_blocks {
    std::size_t freed = 0;
    std::size_t shelved = 0;
};

// Each needs a heap that handed them out; each O(1).
std::byte* wait_for_owner(size_class c,
                          std::byte* freed) noexcept; // returns one that goes to the heap, or nullptr
// A block of the class, from the heap or the shelf; nullptr where neither has one.
std::byte* draw(size_class c) noexcept;

// One that waits, to go to the heap; nullptr where none does.
std::byte* take_waiting(size_class c) noexcept;
std::byte* take_shelved(size_class c) noexcept;
waiting_blocks waiting_in(size_class c) noexcept;

// The first freed one that is not as is_sound(block, c) says; nullptr where there is none. Needs the lock all the while.
const std::byte* find_unsound(size_class c, bool (*is_sound)(const std::byte* block, size_class c)) noexcept;

void lock_waiting() noexcept; // of all classes
void unlock_waiting() noexcept;

} // namespace cenote::detail::hardened
