// Layer: tool. What the forms of operator new and delete share. Each is malloc's, whatever the allocator below has for it;
// where that gives nothing, the C++ runtime's own form is asked, which calls the new-handler and throws. A program may
// replace the plain forms, and then the others lead to its own, as the standard has it.
#pragma once

#include "calls.hpp"

#include "cenote/base/error.hpp"

#include <cstddef>
#include <dlfcn.h>
#include <new>

namespace cenote::tool::record {

using plain_new = void*(std::size_t);
using aligned_new = void*(std::size_t, std::align_val_t);
using plain_delete = void(void*) noexcept;
using aligned_delete = void(void*, std::align_val_t) noexcept;

// The plain forms as they are here: other names of the same functions, which no program can replace.
[[gnu::malloc, gnu::alloc_size(1)]] void* own_new(std::size_t size);
[[gnu::malloc, gnu::alloc_size(1)]] void* own_new(std::size_t size, std::align_val_t alignment);
void own_delete(void* p) noexcept;
void own_delete(void* p, std::align_val_t alignment) noexcept;

// Whether a name leads to the function here.
template <class F>
CENOTE_ALWAYS_INLINE bool is(F* named, F* here) noexcept {
    return named == here;
}

constexpr std::size_t number(std::align_val_t alignment) noexcept {
    return static_cast<std::size_t>(alignment);
}

// The runtime's function of that name, in a program that has one, or has loaded one later.
template <class Function>
Function* of_runtime(const char* name) noexcept {
    if (void* const found = ::dlsym(RTLD_NEXT, name)) return reinterpret_cast<Function*>(found);
    for (const char* const file : {"libstdc++.so.6", "libc++.so.1"})
        if (void* const library = ::dlopen(file, RTLD_LAZY | RTLD_NOLOAD)) {
            void* const found = ::dlsym(library, name);
            ::dlclose(library);
            return reinterpret_cast<Function*>(found);
        }
    return nullptr;
}

} // namespace cenote::tool::record
