// Layer: base. Tells AddressSanitizer and Valgrind which bytes a program may touch, so that both see a use after
// destroy inside a pool although the memory stays mapped. No flag to set.
//
// AddressSanitizer is known at compile time. Valgrind is known only at run time, and its requests are not free;
// pools therefore ask once, when they first grow, and then bypass their magazines, so that the fast paths hold no
// request at all (see pool/magazine.hpp).
#pragma once

#include "cenote/base/config.hpp"

#include <cstddef>

#if CENOTE_ASAN
#include <sanitizer/asan_interface.h>
#endif
#if CENOTE_VALGRIND
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#endif
#include <valgrind/memcheck.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#endif

namespace cenote::detail {

inline bool running_on_valgrind() noexcept {
#if CENOTE_VALGRIND
    return RUNNING_ON_VALGRIND != 0;
#else
    return false;
#endif
}

// The range belongs to the pool and holds no live object: any access is an error.
CENOTE_ALWAYS_INLINE void poison([[maybe_unused]] const volatile void* p,
                                 [[maybe_unused]] std::size_t bytes) noexcept {
#if CENOTE_ASAN
    __asan_poison_memory_region(p, bytes);
#endif
}

// The range may be used again.
CENOTE_ALWAYS_INLINE void unpoison([[maybe_unused]] const volatile void* p,
                                   [[maybe_unused]] std::size_t bytes) noexcept {
#if CENOTE_ASAN
    __asan_unpoison_memory_region(p, bytes);
#endif
}

#if CENOTE_VALGRIND
// The macros below are Valgrind's own; the casts and unused values in them are not ours to mend.
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wunused-value"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#endif
inline void valgrind_hide(const void* p, std::size_t bytes) noexcept {
    (void)VALGRIND_MAKE_MEM_NOACCESS(p, bytes);
}
inline void valgrind_show(const void* p, std::size_t bytes) noexcept {
    (void)VALGRIND_MAKE_MEM_UNDEFINED(p, bytes);
}
inline void valgrind_allocated(void* p, std::size_t bytes) noexcept {
    VALGRIND_MALLOCLIKE_BLOCK(p, bytes, 0, 0);
}
inline void valgrind_freed(void* p) noexcept { VALGRIND_FREELIKE_BLOCK(p, 0); }
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#else
inline void valgrind_hide(const void*, std::size_t) noexcept {}
inline void valgrind_show(const void*, std::size_t) noexcept {}
inline void valgrind_allocated(void*, std::size_t) noexcept {}
inline void valgrind_freed(void*) noexcept {}
#endif

// For slow paths, where Valgrind need not be asked for first: no live object is in the range, or all of it may be
// used again.
inline void hide_range(const void* p, std::size_t bytes) noexcept {
    poison(p, bytes);
    valgrind_hide(p, bytes);
}
inline void show_range(const void* p, std::size_t bytes) noexcept {
    unpoison(p, bytes);
    valgrind_show(p, bytes);
}

// AddressSanitizer knows `p` as a byte that must not be touched; false without it.
CENOTE_ALWAYS_INLINE bool is_poisoned([[maybe_unused]] const void* p) noexcept {
#if CENOTE_ASAN
    return __asan_address_is_poisoned(p) != 0;
#else
    return false;
#endif
}

} // namespace cenote::detail
