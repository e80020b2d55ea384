#include "faults/os_calls.hpp"

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>

namespace cenote_test {
namespace {

constexpr std::size_t never = static_cast<std::size_t>(-1);
constexpr auto kinds = static_cast<std::size_t>(os_call::count);

// Relaxed, all of them: tests look when their threads have ended, or at their own thread's.
std::atomic<std::size_t> calls[kinds];
std::atomic<std::size_t> failing_kind{kinds};
std::atomic<std::size_t> first_failing{never};
std::atomic<std::size_t> last_failing{never};
std::atomic<std::size_t> failed{0};
std::atomic<std::size_t> failed_in_all{0};
std::atomic<std::size_t> calls_in_all{0};
std::atomic<unsigned> one_in{0};
std::atomic<std::size_t> mapped{0};

bool fails(os_call call) noexcept {
    if (const unsigned n = one_in) {
        if (++calls_in_all % n != 0) return false;
        ++failed_in_all;
        return true;
    }
    const auto kind = static_cast<std::size_t>(call);
    const std::size_t number = calls[kind].fetch_add(1) + 1;
    if (kind != failing_kind || number < first_failing || number > last_failing) return false;
    ++failed;
    return true;
}

std::size_t in_pages(std::size_t bytes) noexcept { return (bytes + 4095) / 4096 * 4096; }

} // namespace

const char* name_of(os_call call) noexcept {
    static constexpr const char* names[] = {"mmap",  "munmap",     "madvise",     "mprotect", "mremap",
                                            "mlock", "key_create", "setspecific", "atfork",   "futex"};
    return names[static_cast<std::size_t>(call)];
}

void fail_at(os_call call, std::size_t k, failing how) noexcept {
    const auto kind = static_cast<std::size_t>(call);
    failed = 0;
    first_failing = calls[kind] + k;
    last_failing = how == failing::alone ? calls[kind] + k : never;
    failing_kind = kind;
}
void recover() noexcept { failing_kind = kinds; }
bool any_failed() noexcept { return failed != 0; }
void fail_one_in(unsigned n) noexcept { one_in = n; }
std::size_t failures_in_all() noexcept { return failed_in_all; }
std::size_t mapped_bytes() noexcept { return mapped; }
std::size_t calls_of(os_call call) noexcept { return calls[static_cast<std::size_t>(call)]; }

} // namespace cenote_test

// What the linker makes of the names. It calls for reserved ones.
extern "C" {
using namespace cenote_test;

void* __real_mmap(void*, std::size_t, int, int, int, off_t);
void* __wrap_mmap(void* at, std::size_t bytes, int protection, int flags, int file, off_t offset) {
    if (fails(os_call::mmap)) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void* const p = __real_mmap(at, bytes, protection, flags, file, offset);
    // What is fixed takes the place of what was there.
    if (p != MAP_FAILED && (flags & MAP_FIXED) == 0) mapped += in_pages(bytes);
    return p;
}

int __real_munmap(void*, std::size_t);
int __wrap_munmap(void* p, std::size_t bytes) {
    if (fails(os_call::munmap)) {
        errno = ENOMEM; // as where the mappings of the process are as many as may be
        return -1;
    }
    const int result = __real_munmap(p, bytes);
    if (result == 0) mapped -= in_pages(bytes);
    return result;
}

int __real_madvise(void*, std::size_t, int);
int __wrap_madvise(void* p, std::size_t bytes, int advice) {
    if (fails(os_call::madvise)) {
        errno = EINVAL; // as of memory that is locked
        return -1;
    }
    return __real_madvise(p, bytes, advice);
}

int __real_mprotect(void*, std::size_t, int);
int __wrap_mprotect(void* p, std::size_t bytes, int protection) {
    if (fails(os_call::mprotect)) {
        errno = ENOMEM;
        return -1;
    }
    return __real_mprotect(p, bytes, protection);
}

void* __real_mremap(void*, std::size_t, std::size_t, int, ...);
void* __wrap_mremap(void* p, std::size_t bytes, std::size_t more, int flags, ...) {
    if (fails(os_call::mremap)) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    va_list rest;
    va_start(rest, flags);
    void* const to = (flags & MREMAP_FIXED) != 0 ? va_arg(rest, void*) : nullptr;
    va_end(rest);
    void* const result = __real_mremap(p, bytes, more, flags, to);
    if (result == MAP_FAILED) return result;
    // A fixed place was mapped before.
    if (to == nullptr) mapped += in_pages(more);
    mapped -= in_pages(bytes);
    return result;
}

int __real_mlock(const void*, std::size_t);
int __wrap_mlock(const void* p, std::size_t bytes) {
    if (fails(os_call::mlock)) {
        errno = ENOMEM; // as where the limit of locked memory is reached
        return -1;
    }
    return __real_mlock(p, bytes);
}

int __real_pthread_key_create(pthread_key_t*, void (*)(void*));
int __wrap_pthread_key_create(pthread_key_t* key, void (*end)(void*)) {
    return fails(os_call::key_create) ? EAGAIN : __real_pthread_key_create(key, end);
}

int __real_pthread_setspecific(pthread_key_t, const void*);
int __wrap_pthread_setspecific(pthread_key_t key, const void* value) {
    return fails(os_call::setspecific) ? ENOMEM : __real_pthread_setspecific(key, value);
}

int __real_pthread_atfork(void (*)(void), void (*)(void), void (*)(void));
int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void)) {
    return fails(os_call::atfork) ? ENOMEM : __real_pthread_atfork(prepare, parent, child);
}

long __real_syscall(long, ...);
long __wrap_syscall(long number, ...) {
    va_list rest;
    va_start(rest, number);
    long of[6];
    for (long& each : of)
        each = va_arg(rest, long);
    va_end(rest);
    if (number == SYS_futex && fails(os_call::futex)) {
        errno = EPERM; // as by a filter of system calls
        return -1;
    }
    return __real_syscall(number, of[0], of[1], of[2], of[3], of[4], of[5]);
}
}
