// Layer: override. What the counting replacement puts between malloc's functions and the heap: it counts calls, blocks and
// bytes, and times one call in some. Only libcenote-malloc-counting.so has it; `cenote run` and `cenote doctor` preload that.
//
//     counts.hpp     the file with the counts
//     file.cpp       how it comes to be, and who has which page of it; forks
//     counting.cpp   the functions below
//     uninterrupted.hpp   whether a call that is timed lost its processor meanwhile
//     said.cpp       what the library says, noted as well
//
// CENOTE_COUNTS=FOLDER asks for it: the file is FOLDER/PROCESS.N, where N counts what one process ran one after the other. Without it
// nothing is counted. CENOTE_COUNTS_MAPS=1 has a copy of /proc/self/maps, as it is at the end, beside it: PROCESS.N.maps.
#pragma once

#include <cstddef>

namespace cenote::detail::counting {

void* allocate(std::size_t size, std::size_t alignment) noexcept; // a power of two
void* allocate_zeroed(std::size_t size) noexcept;
void* reallocate(void* p, std::size_t size) noexcept; // not nullptr, not 0
void deallocate(void* p) noexcept;
void deallocate(void* p, std::size_t size, std::size_t alignment) noexcept;

// The program begins: what never allocates has a file as well.
void begin() noexcept;
// It ends by itself.
void finish() noexcept;

} // namespace cenote::detail::counting
