// Layer: base. Every macro of the library stands in this file, so that none is ever tested by a name that may not exist.
//
//     CENOTE_CHECKS_NONE     nothing is checked
//     CENOTE_CHECKS_CHEAP    what costs next to nothing is checked
//     CENOTE_CHECKS_FULL     all that can be checked is
//     CENOTE_CHECKS          CENOTE_CHECKS_NONE, CENOTE_CHECKS_CHEAP or CENOTE_CHECKS_FULL; the user may define it
//     CENOTE_CHECK_FRAMES    how many calls full checks keep of who created and who destroyed each object, at most 16; 0 for none.
//                            The user may define it, the same for all of a program
//     CENOTE_LEVEL           the inline namespace of all types that are other types at another level, so that objects
//                            of different levels link no pool to each other
//     CENOTE_EXCEPTIONS      1 where exceptions are on, else 0
//     CENOTE_ASAN            1 when compiled for AddressSanitizer, else 0
//     CENOTE_STAND_INS       1 where pools hand out memory of malloc's in place of their blocks, for AddressSanitizer to watch
//                            (pool/stand_in.hpp), else 0; the user may define it as 0, the same for all of a program
//     CENOTE_TSAN            1 when compiled for ThreadSanitizer, else 0
//     CENOTE_MSAN            1 when compiled for MemorySanitizer, else 0
//     CENOTE_CAS16           1 where 16 bytes can be compared and swapped at once, else 0; the user may define it as 0
//     CENOTE_VALGRIND        1 where Valgrind's headers were found, else 0; the user may define it as 0
//     CENOTE_HARDENED        1 in the objects of the hardened replacement of malloc, else 0; the build defines it as 1
//     CENOTE_COUNTING        1 in the objects of the counting replacement of malloc, else 0; the build defines it as 1
//     CENOTE_API             what the shared library exports; cenote.h has the same for C
//     CENOTE_ALWAYS_INLINE   for the fast paths
//     CENOTE_COLD            for the slow ones: kept out of line and away from the hot code
//     CENOTE_NO_UNIQUE_ADDRESS   an empty member takes no room
//
// What the levels of CENOTE_CHECKS find is in ARCHITECTURE.md. Layouts do not depend on the level.
#pragma once

#define CENOTE_CHECKS_NONE 0
#define CENOTE_CHECKS_CHEAP 1
#define CENOTE_CHECKS_FULL 2

#ifndef CENOTE_CHECKS
#ifdef NDEBUG
#define CENOTE_CHECKS CENOTE_CHECKS_CHEAP
#else
#define CENOTE_CHECKS CENOTE_CHECKS_FULL
#endif
#endif

#if CENOTE_CHECKS != CENOTE_CHECKS_NONE && CENOTE_CHECKS != CENOTE_CHECKS_CHEAP &&                           \
    CENOTE_CHECKS != CENOTE_CHECKS_FULL
#error "CENOTE_CHECKS must be CENOTE_CHECKS_NONE, CENOTE_CHECKS_CHEAP or CENOTE_CHECKS_FULL"
#endif

#if CENOTE_CHECKS == CENOTE_CHECKS_NONE
#define CENOTE_LEVEL with_checks_none
#elif CENOTE_CHECKS == CENOTE_CHECKS_CHEAP
#define CENOTE_LEVEL with_checks_cheap
#else
#define CENOTE_LEVEL with_checks_full
#endif

#ifndef CENOTE_CHECK_FRAMES
#define CENOTE_CHECK_FRAMES 8
#endif

#ifdef __cpp_exceptions
#define CENOTE_EXCEPTIONS 1
#else
#define CENOTE_EXCEPTIONS 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define CENOTE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CENOTE_ASAN 1
#else
#define CENOTE_ASAN 0
#endif
#else
#define CENOTE_ASAN 0
#endif

#if !CENOTE_ASAN
#undef CENOTE_STAND_INS
#define CENOTE_STAND_INS 0
#elif !defined(CENOTE_STAND_INS)
#define CENOTE_STAND_INS 1
#endif

#if defined(__SANITIZE_THREAD__)
#define CENOTE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CENOTE_TSAN 1
#else
#define CENOTE_TSAN 0
#endif
#else
#define CENOTE_TSAN 0
#endif

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define CENOTE_MSAN 1
#else
#define CENOTE_MSAN 0
#endif
#else
#define CENOTE_MSAN 0
#endif

#ifndef CENOTE_CAS16
// ThreadSanitizer does not see the instruction, only the compiler's atomics.
#if defined(__x86_64__) && !CENOTE_TSAN
#define CENOTE_CAS16 1
#else
#define CENOTE_CAS16 0
#endif
#endif

#ifndef CENOTE_VALGRIND
#if __has_include(<valgrind/memcheck.h>)
#define CENOTE_VALGRIND 1
#else
#define CENOTE_VALGRIND 0
#endif
#endif

#ifndef CENOTE_HARDENED
#define CENOTE_HARDENED 0
#endif

#ifndef CENOTE_COUNTING
#define CENOTE_COUNTING 0
#endif

#ifndef CENOTE_API
#define CENOTE_API __attribute__((visibility("default")))
#endif
#define CENOTE_ALWAYS_INLINE [[gnu::always_inline]] inline
#define CENOTE_COLD [[gnu::noinline, gnu::cold]]
#define CENOTE_NO_UNIQUE_ADDRESS [[no_unique_address]]

#include <cstddef>

namespace cenote {

// How much the pools of this translation unit check; see ARCHITECTURE.md.
inline constexpr bool checks_cheap = CENOTE_CHECKS >= CENOTE_CHECKS_CHEAP;
inline constexpr bool checks_full = CENOTE_CHECKS >= CENOTE_CHECKS_FULL;

// Whether full checks mark memory: AddressSanitizer and MemorySanitizer see what that would find, and more.
// NOLINTNEXTLINE(misc-redundant-expression): the macros differ where there is a sanitizer
inline constexpr bool checks_memory = checks_full && CENOTE_ASAN == 0 && CENOTE_MSAN == 0;
// Bytes behind each object that nobody may write.
inline constexpr std::size_t canary_bytes = checks_memory ? 8 : 0;

// Whether this is the hardened replacement of malloc; see docs/hardened.md.
inline constexpr bool is_hardened = CENOTE_HARDENED != 0;

// Whether this is the replacement that counts what it does, for the tool.
inline constexpr bool is_counting = CENOTE_COUNTING != 0;

} // namespace cenote
