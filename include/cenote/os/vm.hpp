// Layer: os. Virtual memory, the one place where the library asks the operating system for memory.
//
// Contract, for whoever writes the next platform:
//
//     page_size()                  bytes in an OS page; a power of two
//     reserve(bytes, alignment)    zeroed, readable and writable memory at a multiple of `alignment`, which becomes
//                                  resident only where it is touched; nullptr when refused
//     map_for_this_process(bytes)  zeroed memory, which is zeroed again in children that are forked; nullptr where the OS has no
//                                  such memory
//     release(p, bytes)            gives a whole reservation back; what the OS refuses to take is kept, and given back or
//                                  reserved again later (os/stranded.hpp)
//     decommit(p, bytes)           the contents are lost (zeroed when touched again) and the pages no longer resident,
//                                  the range stays usable; false, with nothing changed, when refused
//     extend(p, bytes, more)       a whole reservation grows where it lies, by zeroed memory; false, with nothing changed,
//                                  where there is no room or the platform cannot
//     move(from, bytes, to, more)  a whole reservation's pages move, with their contents, to the start of another one of
//                                  `more` bytes (at least `bytes`), what lies behind them there being zeroed; `from` is
//                                  then no longer mapped. False, with `from` as it was, when refused or unknown here
//
//     forbid(p, bytes)             from now on every access ends the program; the contents stay. False, with nothing
//                                  changed, when refused
//     permit(p, bytes)             and now no more; false when refused: part of the range may still be forbidden then
//
//     lock(p, bytes)               every page of the range is resident now and stays so; false when refused: part of the
//                                  range may be locked then. Rounds to whole OS pages
//     unlock(p, bytes)             and no longer has to; release does that, too
//
// All sizes are multiples of the OS page, all alignments powers of two. Every function is thread-safe, takes no
// lock of ours, touches no memory of its own and leaves errno alone. POSIX is implemented; other systems are refused at compile time.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/os/errno_kept.hpp"
#include "cenote/os/stranded.hpp"

#include <cerrno>
#include <cstddef>

#if !defined(__unix__) && !defined(__APPLE__)
#error "cenote/os/vm.hpp: no implementation for this operating system yet"
#endif

#include <sys/mman.h>
#include <unistd.h>

namespace cenote::vm {

// Not a local static: whoever forks while another thread initialises one leaves the child waiting for ever. Not a
// std::atomic: no header that object_pool needs includes <atomic>, which takes longer to compile than all of them.
inline constinit std::size_t known_page_size = 0;
inline std::size_t page_size() noexcept {
    // Relaxed: whoever finds nothing asks again, and gets the same.
    std::size_t size = __atomic_load_n(&known_page_size, __ATOMIC_RELAXED);
    if (size == 0) [[unlikely]] {
        size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        __atomic_store_n(&known_page_size, size, __ATOMIC_RELAXED);
    }
    return size;
}

inline void* map_anywhere(std::size_t bytes) noexcept {
    const detail::errno_kept kept;
    void* const p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) [[unlikely]]
        return stranded.take(bytes);
    return p;
}

inline void release(void* p, std::size_t bytes) noexcept;
inline void* map_for_this_process([[maybe_unused]] std::size_t bytes) noexcept {
#ifdef MADV_WIPEONFORK
    void* const p = map_anywhere(bytes);
    const detail::errno_kept kept;
    if (p == nullptr || ::madvise(p, bytes, MADV_WIPEONFORK) == 0) return p;
    release(p, bytes);
#endif
    return nullptr;
}

inline void release(void* p, std::size_t bytes) noexcept {
    const detail::errno_kept kept;
    if (::munmap(p, bytes) == 0) [[likely]]
        stranded.retry();
    else if (errno != EINVAL)
        stranded.keep(p, bytes);
}

// O(1): one mapping when the kernel's choice happens to be aligned, else a larger one whose ends are cut off.
inline void* reserve(std::size_t bytes, std::size_t alignment) noexcept {
    void* const first = map_anywhere(bytes);
    if (first == nullptr || detail::is_aligned(first, alignment)) return first;
    release(first, bytes);

    if (bytes > static_cast<std::size_t>(-1) - alignment) return nullptr;
    const std::size_t larger = bytes + alignment;
    auto* const base = static_cast<std::byte*>(map_anywhere(larger));
    if (base == nullptr) return nullptr;
    const std::size_t before =
        detail::round_up(detail::address_of(base), alignment) - detail::address_of(base);
    const std::size_t after = larger - before - bytes;
    if (before != 0) release(base, before);
    if (after != 0) release(base + before + bytes, after);
    return base + before;
}

inline bool decommit(void* p, std::size_t bytes) noexcept {
    const detail::errno_kept kept;
    return ::madvise(p, bytes, MADV_DONTNEED) == 0;
}

inline bool forbid(void* p, std::size_t bytes) noexcept {
    const detail::errno_kept kept;
    return ::mprotect(p, bytes, PROT_NONE) == 0;
}
inline bool permit(void* p, std::size_t bytes) noexcept {
    const detail::errno_kept kept;
    return ::mprotect(p, bytes, PROT_READ | PROT_WRITE) == 0;
}

inline bool lock(const void* p, std::size_t bytes) noexcept {
    const detail::errno_kept kept;
    return ::mlock(p, bytes) == 0;
}
inline void unlock(const void* p, std::size_t bytes) noexcept {
    const detail::errno_kept kept;
    ::munlock(p, bytes);
}

inline bool extend([[maybe_unused]] void* p, [[maybe_unused]] std::size_t bytes,
                   [[maybe_unused]] std::size_t more) noexcept {
#ifdef __linux__
    const detail::errno_kept kept;
    return ::mremap(p, bytes, more, 0) != MAP_FAILED;
#else
    return false;
#endif
}

inline bool move([[maybe_unused]] void* from, [[maybe_unused]] std::size_t bytes, [[maybe_unused]] void* to,
                 [[maybe_unused]] std::size_t more) noexcept {
#ifdef __linux__
    const detail::errno_kept kept;
    return ::mremap(from, bytes, more, MREMAP_MAYMOVE | MREMAP_FIXED, to) != MAP_FAILED;
#else
    return false;
#endif
}

} // namespace cenote::vm
