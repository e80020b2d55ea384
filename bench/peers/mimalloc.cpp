#include "peers/mimalloc.hpp"

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>

namespace bench {
namespace {

[[noreturn]] void give_up() {
    // Before main: nobody could catch an exception.
    std::fprintf(stderr, "mimalloc cannot be opened: %s\n", ::dlerror());
    std::exit(1);
}

template <class Function>
Function* look_up(void* library, const char* symbol) {
    void* const found = ::dlsym(library, symbol);
    if (found == nullptr) give_up();
    return reinterpret_cast<Function*>(found);
}

} // namespace

mimalloc::table mimalloc::open() {
    void* const library = ::dlopen(BENCH_MIMALLOC_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) give_up();
    return {look_up<void*(std::size_t)>(library, "mi_malloc"), look_up<void(void*)>(library, "mi_free"),
            look_up<void(void*, std::size_t)>(library, "mi_free_size"),
            look_up<void*(void*, std::size_t)>(library, "mi_realloc"), look_up<int()>(library, "mi_version")};
}

const mimalloc::table mimalloc::functions = mimalloc::open();

facts mimalloc::describe() {
    const int version = functions.version(); // 209 is 2.0.9
    return {
        std::to_string(version / 100) + "." + std::to_string(version / 10 % 10) + "." +
            std::to_string(version % 10),
        "defaults; mi_malloc, mi_free without size, with it mi_free_size; shared library opened RTLD_LOCAL"};
}

} // namespace bench
