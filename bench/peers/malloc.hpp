// What the mallocs have in common as subjects of the suites for equal blocks: one size per pool, no state of their own.
#pragma once

#include "peers/subject.hpp"

#include <chrono>

namespace bench {

// `Family` has static allocate(bytes) and deallocate(p): calls through functions of another object file or
// library, as a program that uses the malloc would make them.
template <class T, class Family>
class malloc_pool {
public:
    explicit malloc_pool(std::size_t) {}
    [[gnu::always_inline]] T* create(std::uint64_t first) {
        return ::new (Family::allocate(sizeof(T))) T(first);
    }
    [[gnu::always_inline]] void destroy(T* p) {
        p->~T();
        Family::deallocate(p);
    }
};

} // namespace bench
