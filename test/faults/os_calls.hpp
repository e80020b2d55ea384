// Calls of the OS that fail when told to. The program is linked with --wrap, so that what is compiled into it, the library
// among it, comes here, and the C library itself does not.
#pragma once

#include <cstddef>
#include <initializer_list>

namespace cenote_test {

enum class os_call {
    mmap,
    munmap,
    madvise,
    mprotect,
    mremap,
    mlock,
    key_create,
    setspecific,
    atfork,
    futex,
    count
};

inline constexpr std::initializer_list<os_call> all_os_calls = {
    os_call::mmap,  os_call::munmap,     os_call::madvise,     os_call::mprotect, os_call::mremap,
    os_call::mlock, os_call::key_create, os_call::setspecific, os_call::atfork,   os_call::futex};

const char* name_of(os_call call) noexcept;

enum class failing : bool { alone, from_then_on };

// The call of this kind number `k`, counted from now and from 1, fails; or all from that on.
void fail_at(os_call call, std::size_t k, failing how) noexcept;
// No more.
void recover() noexcept;
// Whether any has failed since fail_at.
bool any_failed() noexcept;

// Instead of that, one call in so many, of whatever kind; 0: none.
void fail_one_in(unsigned n) noexcept;
std::size_t failures_in_all() noexcept;

// Address space that was mapped and not unmapped, bytes.
std::size_t mapped_bytes() noexcept;
// Calls of a kind since the program began.
std::size_t calls_of(os_call call) noexcept;

} // namespace cenote_test
