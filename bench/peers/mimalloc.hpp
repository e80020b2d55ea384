// mimalloc. The distribution has only its shared library, which would replace malloc if it were linked: it is
// opened at start-up with its symbols kept apart, and called through pointers. A call into a linked library
// is one load and one indirect jump as well.
#pragma once

#include "peers/malloc.hpp"

namespace bench {

struct mimalloc {
    static constexpr std::string_view name = "mimalloc";
    static constexpr traits is{};
    static facts describe();

    static void* allocate(std::size_t bytes) { return functions.allocate(bytes); }
    static void deallocate(void* p) { functions.deallocate(p); }

    template <class T>
    using pool = malloc_pool<T, mimalloc>;

private:
    struct table {
        void* (*allocate)(std::size_t bytes);
        void (*deallocate)(void* p);
        int (*version)();
    };
    static table open();
    static const table functions;
};

} // namespace bench
