// Layer: base. How failure leaves the library: recoverable failures as exceptions (or, compiled without them, as
// one line and an abort), broken contracts always as one line and an abort.
//
// Lines are formatted on the stack and written at once: nothing allocates, and no lock of stdio's is taken, since what
// is reported may be malloc's own trouble.
#pragma once

#include "cenote/base/algorithm.hpp"
#include "cenote/base/config.hpp"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <unistd.h>

namespace cenote::detail {

// Writes `cenote: ` and a line, formatted as printf does, to an open file. At most 255 characters.
template <class... Values>
CENOTE_COLD void say_to(int file, const char* format, Values... values) noexcept {
    char line[256] = "cenote: ";
    constexpr std::size_t prefix = 8;
    const int length = std::snprintf(line + prefix, sizeof line - prefix - 1, format, values...);
    const std::size_t end =
        prefix +
        detail::min<std::size_t>(length < 0 ? 0 : static_cast<std::size_t>(length), sizeof line - prefix - 2);
    line[end] = '\n';
    [[maybe_unused]] const auto written = ::write(file, line, end + 1);
}
// To stderr.
template <class... Values>
CENOTE_COLD void say(const char* format, Values... values) noexcept {
    say_to(STDERR_FILENO, format, values...);
}

// Says one line, then aborts.
template <class... Values>
[[noreturn]] CENOTE_COLD void fail_with(const char* format, Values... values) noexcept {
    say(format, values...);
    std::abort();
}
[[noreturn]] CENOTE_COLD inline void fail(const char* line) noexcept { fail_with("%s", line); }

[[noreturn]] CENOTE_COLD inline void throw_bad_alloc() {
#if CENOTE_EXCEPTIONS
    throw std::bad_alloc{};
#else
    fail("out of memory, and exceptions are off: use the try_ form");
#endif
}

// For a number of objects that no memory could hold.
[[noreturn]] CENOTE_COLD inline void throw_bad_array_new_length() {
#if CENOTE_EXCEPTIONS
    throw std::bad_array_new_length{};
#else
    fail("more objects than any memory holds, and exceptions are off");
#endif
}

// What a pool says of itself when a contract with it was broken.
struct pool_identity {
    const char* kind;           // "object_pool", "block_pool", ...
    const void* pool;           // where the pool object lies
    std::size_t block_size;     // bytes
    const char* name = nullptr; // its user's, if it has one
};

// One line that names what happened, to which pointer, in which pool; `where` follows the pointer.
CENOTE_COLD inline void say_broken(const pool_identity& in, const char* what, const void* p,
                                   const char* where) noexcept {
    if (in.name != nullptr)
        say("%s: %p%s in %s \"%.80s\" %p (blocks of %zu bytes)", what, p, where, in.kind, in.name, in.pool,
            in.block_size);
    else
        say("%s: %p%s in %s %p (blocks of %zu bytes)", what, p, where, in.kind, in.pool, in.block_size);
}
// That line, then aborts.
[[noreturn]] CENOTE_COLD inline void broken_contract(const pool_identity& in, const char* what,
                                                     const void* p) noexcept {
    say_broken(in, what, p, "");
    std::abort();
}

} // namespace cenote::detail
