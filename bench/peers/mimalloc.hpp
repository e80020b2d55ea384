// mimalloc. The distribution has only its shared library, which would replace malloc if it were linked: it is
// opened at start-up with its symbols kept apart, and called through pointers. A call into a linked library
// is one load and one indirect jump as well.
#pragma once

#include "peers/malloc.hpp"

namespace bench {

struct mimalloc {
    static constexpr std::string_view name = "mimalloc";
    static constexpr traits is{};
    static constexpr std::chrono::milliseconds decay{500}; // segment_decommit_delay; of pages it is 25
    static facts describe();

    static void* allocate(std::size_t bytes) { return functions.allocate(bytes); }
    static void deallocate(void* p) { functions.deallocate(p); }
    static void deallocate(void* p, std::size_t bytes) { functions.deallocate_sized(p, bytes); }
    static void* reallocate(void* p, std::size_t bytes) { return functions.reallocate(p, bytes); }

    template <class T>
    using pool = malloc_pool<T, mimalloc>;

private:
    struct table {
        void* (*allocate)(std::size_t bytes);
        void (*deallocate)(void* p);
        void (*deallocate_sized)(void* p, std::size_t bytes);
        void* (*reallocate)(void* p, std::size_t bytes);
        int (*version)();
    };
    static table open();
    static const table functions;
};

} // namespace bench
