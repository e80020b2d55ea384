// What the library says on its way to stderr, and that it ends the program. The linker leads the calls of write and abort in
// this library here (--wrap in src/CMakeLists.txt): so reports need no hook where they are made.
#include "file.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using cenote::detail::counting::file_header;
using cenote::detail::counting::header;

extern "C" {

ssize_t __real_write(int file, const void* text, std::size_t bytes);
[[noreturn]] void __real_abort();

ssize_t __wrap_write(int file, const void* text, std::size_t bytes);
ssize_t __wrap_write(int file, const void* text, std::size_t bytes) {
    file_header* const of = header();
    constexpr char prefix[] = "cenote: "; // of a first line; stacks follow
    if (of != nullptr && file == STDERR_FILENO && bytes >= sizeof prefix &&
        std::memcmp(text, prefix, sizeof prefix - 1) == 0) {
        const std::size_t length = std::min(bytes, sizeof of->said - 1);
        std::memcpy(of->said, text, length);
        of->said[length] = '\0';
    }
    return __real_write(file, text, bytes);
}

[[noreturn]] void __wrap_abort();
[[noreturn]] void __wrap_abort() {
    if (file_header* const of = header(); of != nullptr) of->has_failed.store(1, std::memory_order_relaxed);
    __real_abort();
}

} // extern "C"
