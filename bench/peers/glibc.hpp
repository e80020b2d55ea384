// The C library's malloc: the one of this process (see support/environment.hpp).
#pragma once

#include "peers/malloc.hpp"

#include <cstdlib>
#include <gnu/libc-version.h>

namespace bench {

struct glibc_malloc {
    static constexpr std::string_view name = "glibc malloc";
    static constexpr traits is{};
    static constexpr std::chrono::milliseconds decay{
        0}; // the top of the heap goes back at once, the rest at malloc_trim
    static facts describe() { return {::gnu_get_libc_version(), "no tunables"}; }

    static void* allocate(std::size_t bytes) { return std::malloc(bytes); }
    static void deallocate(void* p) { std::free(p); }
    static void* reallocate(void* p, std::size_t bytes) { return std::realloc(p, bytes); }

    template <class T>
    using pool = malloc_pool<T, glibc_malloc>;
};

} // namespace bench
