// Our heap as a malloc. What it is called by stands in cenote_heap.cpp: functions of another object file, as the
// peers'.
#pragma once

#include "peers/malloc.hpp"

#include <chrono>

namespace bench {

struct cenote_heap {
    static constexpr std::string_view name = "cenote::heap";
    static constexpr traits is{.from = origin::ours};
    static const std::chrono::milliseconds decay;
    static facts describe();

    static void* allocate(std::size_t bytes);
    static void deallocate(void* p);                    // one look-up
    static void deallocate(void* p, std::size_t bytes); // none
    static void* reallocate(void* p, std::size_t bytes);

    template <class T>
    using pool = malloc_pool<T, cenote_heap>;
};

} // namespace bench
