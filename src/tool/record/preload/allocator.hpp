// Layer: tool. The allocator under the recorder: the next library in the loader's order that has malloc's functions.
#pragma once

#include <cstddef>

namespace cenote::tool::record {

struct allocator_below {
    void* (*malloc)(std::size_t);
    void (*free)(void*);
    void* (*calloc)(std::size_t, std::size_t);
    void* (*realloc)(void*, std::size_t);
    void* (*memalign)(std::size_t, std::size_t);
};
inline constinit allocator_below below{};

// Looks the functions up; false while that is going on, since looking up may allocate.
bool find_below() noexcept;
// Acquire: pairs with find_below's release, so that the others are known too.
inline bool is_found() noexcept { return __atomic_load_n(&below.memalign, __ATOMIC_ACQUIRE) != nullptr; }

// For the calls while it is going on: from a small array that is never given back.
void* allocate_early(std::size_t size, std::size_t alignment) noexcept;
bool is_early(const void* p) noexcept;
// Into a block of the allocator's, where it is known by now.
void* reallocate_early(void* p, std::size_t size) noexcept;

} // namespace cenote::tool::record
