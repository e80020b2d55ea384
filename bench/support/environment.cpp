#include "support/environment.hpp"

#include <dlfcn.h>
#include <stdexcept>
#include <string>

namespace bench {

void require_malloc_of_the_c_library() {
    for (const char* name : {"malloc", "free", "calloc", "realloc"}) {
        Dl_info found{};
        const void* function = ::dlsym(RTLD_DEFAULT, name);
        if (function == nullptr || ::dladdr(function, &found) == 0 || found.dli_fname == nullptr)
            throw std::runtime_error(std::string("cannot tell whose ") + name + " this process calls");
        const std::string owner = found.dli_fname;
        if (owner.find("libc.so") == std::string::npos)
            throw std::runtime_error(std::string(name) + " of this process comes from " + owner +
                                     ", not from the C library; run without LD_PRELOAD");
    }
}

} // namespace bench
