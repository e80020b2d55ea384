// Layer: override. The C++ runtime, which is not linked. A program that is linked with it has it before its first call here,
// and weak references lead to it. A C program may load it later, along with a library in C++: then no reference does,
// and it is looked for by name. Only where memory is short.
#pragma once

#include <dlfcn.h>
#include <new>

// The names are the runtime's own, and declared again to be weak.
// NOLINTBEGIN(cert-dcl58-cpp,readability-redundant-declaration)
namespace std {
[[gnu::weak]] new_handler get_new_handler() noexcept;
void __throw_bad_alloc() __attribute__((noreturn, weak));
} // namespace std
// NOLINTEND(cert-dcl58-cpp,readability-redundant-declaration)

namespace cenote::detail {

// nullptr where there is no runtime. What it found is there as long as whoever called, who needs it too.
template <class Function>
Function* find_in_runtime(const char* name) noexcept {
    for (const char* const file : {"libstdc++.so.6", "libc++.so.1"})
        if (void* const library = ::dlopen(file, RTLD_LAZY | RTLD_NOLOAD)) {
            auto* const found = reinterpret_cast<Function*>(::dlsym(library, name));
            ::dlclose(library);
            return found;
        }
    return nullptr;
}

} // namespace cenote::detail
