// Layer: base. Tells the sanitizers and Valgrind which bytes a program may touch, so that they see a use after
// destroy inside a pool although the memory stays mapped. No flag to set.
//
//     AddressSanitizer   free blocks are poisoned
//     ThreadSanitizer    a block that is handed out, and one that is taken back, was written, every byte of it: who still uses
//                        it on another thread has a race with that, whoever has it next
//     MemorySanitizer    a block that is handed out holds nothing yet
//
// AddressSanitizer is known at compile time. Valgrind is known only at run time, and its requests are not free;
// pools therefore ask once, when they first grow, and then bypass their magazines, so that the fast paths hold no
// request at all (see pool/magazine.hpp).
#pragma once

#include "cenote/base/config.hpp"

#include <cstddef>

#if CENOTE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif
#if CENOTE_MSAN
#include <sanitizer/msan_interface.h>
#endif
#if CENOTE_TSAN
extern "C" void
__tsan_write_range(void* p, unsigned long bytes); // what instrumented code calls for a write of many bytes
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

// Whether a sanitizer has to be told of each block that changes hands.
inline constexpr bool watches_blocks = CENOTE_ASAN != 0 || CENOTE_TSAN != 0 || CENOTE_MSAN != 0;

// Under memcheck. Valgrind's other tools do not ask who has a block, and callgrind shall count what there is without it.
inline bool running_on_valgrind() noexcept {
#if CENOTE_VALGRIND
    if (RUNNING_ON_VALGRIND == 0) return false;
    unsigned char any = 0;
    unsigned char bits = 0;
    return VALGRIND_GET_VBITS(&any, &bits, 1) != 0; // 0 from whoever has no such bits
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

// LeakSanitizer looks for pointers in the range from now on, and not any more. Of itself it looks into no mapping, and calls
// leaked what only objects there point to.
inline void look_for_pointers([[maybe_unused]] const void* p, [[maybe_unused]] std::size_t bytes) noexcept {
#if CENOTE_ASAN
    __lsan_register_root_region(p, bytes);
#endif
}
inline void look_no_more([[maybe_unused]] const void* p, [[maybe_unused]] std::size_t bytes) noexcept {
#if CENOTE_ASAN
    __lsan_unregister_root_region(p, bytes);
#endif
}

// The block at `p` goes to a caller: it may be used, and holds nothing yet.
CENOTE_ALWAYS_INLINE void hand_out([[maybe_unused]] void* p, [[maybe_unused]] std::size_t bytes) noexcept {
    unpoison(p, bytes);
#if CENOTE_TSAN
    __tsan_write_range(p, bytes);
#endif
#if CENOTE_MSAN
    __msan_allocated_memory(p, bytes);
#endif
}

// The caller gave it back, and may not touch it any more.
CENOTE_ALWAYS_INLINE void take_in([[maybe_unused]] void* p, [[maybe_unused]] std::size_t bytes) noexcept {
#if CENOTE_TSAN
    __tsan_write_range(p, bytes);
#endif
#if CENOTE_MSAN
    __msan_poison(p, bytes);
#endif
    poison(p, bytes);
}

// MemorySanitizer is to know that the range holds nothing yet; or what it should, which are zeroes from the OS.
CENOTE_ALWAYS_INLINE void mark_unwritten([[maybe_unused]] void* p,
                                         [[maybe_unused]] std::size_t bytes) noexcept {
#if CENOTE_MSAN
    __msan_allocated_memory(p, bytes);
#endif
}
CENOTE_ALWAYS_INLINE void mark_written([[maybe_unused]] const void* p,
                                       [[maybe_unused]] std::size_t bytes) noexcept {
#if CENOTE_MSAN
    __msan_unpoison(p, bytes);
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
// False where Valgrind says nothing of an access, and where it is not there.
inline bool valgrind_may_access(const void* p) noexcept {
    unsigned char bits = 0;
    return VALGRIND_GET_VBITS(p, &bits, 1) == 1;
}
// For what we write into blocks that are free.
inline void valgrind_silence() noexcept { VALGRIND_DISABLE_ERROR_REPORTING; }
inline void valgrind_speak() noexcept { VALGRIND_ENABLE_ERROR_REPORTING; }
// Of a block that is free it says who allocated it, and who freed it. By its middle, since of what lies close to other blocks
// Valgrind describes those.
inline void valgrind_describes(const void* p, std::size_t bytes) noexcept {
    (void)VALGRIND_CHECK_MEM_IS_ADDRESSABLE(static_cast<const std::byte*>(p) + bytes / 2, 1);
}
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#else
inline void valgrind_hide(const void*, std::size_t) noexcept {}
inline void valgrind_show(const void*, std::size_t) noexcept {}
inline void valgrind_allocated(void*, std::size_t) noexcept {}
inline void valgrind_freed(void*) noexcept {}
inline bool valgrind_may_access(const void*) noexcept { return false; }
inline void valgrind_silence() noexcept {}
inline void valgrind_speak() noexcept {}
inline void valgrind_describes(const void*, std::size_t) noexcept {}
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
