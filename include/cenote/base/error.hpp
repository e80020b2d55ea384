// Layer: base. How failure leaves the library: recoverable failures as exceptions (or, compiled without them, as
// one line and an abort), broken contracts always as one line and an abort.
#pragma once

#include "cenote/base/config.hpp"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#if CENOTE_EXCEPTIONS
#include <stdexcept>
#endif

namespace cenote::detail {

// Prints `cenote: ` and one line, then aborts. Allocates nothing.
[[noreturn]] CENOTE_COLD inline void fail(const char* line) noexcept {
    std::fprintf(stderr, "cenote: %s\n", line);
    std::abort();
}

[[noreturn]] CENOTE_COLD inline void throw_bad_alloc() {
#if CENOTE_EXCEPTIONS
    throw std::bad_alloc{};
#else
    fail("out of memory, and exceptions are off: use the try_ form");
#endif
}

[[noreturn]] CENOTE_COLD inline void throw_invalid_argument(const char* what) {
#if CENOTE_EXCEPTIONS
    throw std::invalid_argument{what};
#else
    fail(what);
#endif
}

// What a pool says of itself when a contract with it was broken.
struct pool_identity {
    const char* kind;       // "object_pool", "block_pool", ...
    const void* pool;       // where the pool object lies
    std::size_t block_size; // bytes
};

// One line that names what happened, to which pointer, in which pool; then aborts.
[[noreturn]] CENOTE_COLD inline void broken_contract(const pool_identity& in, const char* what,
                                                     const void* p) noexcept {
    std::fprintf(stderr, "cenote: %s: %p in %s %p (blocks of %zu bytes)\n", what, p, in.kind, in.pool,
                 in.block_size);
    std::abort();
}

} // namespace cenote::detail
