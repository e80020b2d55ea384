// Layer: heap. The heap of the process, and its fast paths: what heap_core's are, with the addresses of the map and of this
// thread's magazines known to the linker.
#pragma once

#include "heap_core.hpp"

#include "cenote/base/config.hpp"

#include <cstddef>

namespace cenote::detail {

extern constinit segment_map process_map;
extern constinit heap_core process_heap;

CENOTE_ALWAYS_INLINE thread_cache& process_cache() noexcept { return this_thread_heaps.of(0); }

CENOTE_ALWAYS_INLINE void* process_allocate(std::size_t size) noexcept {
    return process_heap.allocate(process_cache(), size);
}
CENOTE_ALWAYS_INLINE void* process_allocate(std::size_t size, std::size_t alignment) noexcept {
    return process_heap.allocate(process_cache(), size, alignment);
}
CENOTE_ALWAYS_INLINE void process_deallocate(void* p) noexcept {
    process_heap.give(process_cache(), p, process_map.kind_of(p));
}

} // namespace cenote::detail
