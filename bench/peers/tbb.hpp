// The scalable allocator of oneTBB. Linking it replaces nothing: that would take its proxy library.
#pragma once

#include "peers/malloc.hpp"

#include <oneapi/tbb/version.h>
#include <tbb/scalable_allocator.h>

namespace bench {

struct tbb_scalable {
    static constexpr std::string_view name = "TBB scalable allocator";
    static constexpr traits is{};
    static constexpr std::chrono::milliseconds decay{
        0}; // pieces that are empty go back at once, if they are large
    static facts describe() { return {TBB_VERSION_STRING, "scalable_malloc and scalable_free, defaults"}; }

    static void* allocate(std::size_t bytes) { return ::scalable_malloc(bytes); }
    static void deallocate(void* p) { ::scalable_free(p); }
    static void* reallocate(void* p, std::size_t bytes) { return ::scalable_realloc(p, bytes); }

    template <class T>
    using pool = malloc_pool<T, tbb_scalable>;
};

} // namespace bench
