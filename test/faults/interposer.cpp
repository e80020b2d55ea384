// Preloaded before the replacement of malloc: its calls of the OS fail when the environment says so, or the program by
// cenote_test_fail_one_in; those of others do not.
//
//     CENOTE_TEST_FAIL=KIND:FIRST:LAST    calls FIRST to LAST (from 1) of mmap, munmap, ..., key_create, ... fail
//     CENOTE_TEST_REPORT=FILE-DESCRIPTOR  a byte is written there for each that did
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

std::atomic<unsigned long> calls{0};
std::atomic<unsigned long> failures{0};
std::atomic<unsigned> one_in{0};

bool is_of_library(const void* caller) {
    Dl_info of{};
    return ::dladdr(caller, &of) != 0 && std::strstr(of.dli_fname, "libcenote-malloc") != nullptr;
}

// Nothing here may allocate; the environment is only read.
bool fails(const char* kind, const void* caller) {
    // Relaxed, all of them: whichever call it is.
    if (const unsigned n = one_in.load(std::memory_order_relaxed)) {
        if (!is_of_library(caller) || calls.fetch_add(1, std::memory_order_relaxed) % n != 0) return false;
        failures.fetch_add(1, std::memory_order_relaxed);
        return true;
    }
    const char* const plan = std::getenv("CENOTE_TEST_FAIL");
    const std::size_t length = std::strlen(kind);
    if (plan == nullptr || std::strncmp(plan, kind, length) != 0 || plan[length] != ':') return false;
    if (!is_of_library(caller)) return false;
    char* end = nullptr;
    const unsigned long first = std::strtoul(plan + length + 1, &end, 10);
    const unsigned long last = std::strtoul(end + 1, nullptr, 10);
    const unsigned long number = calls.fetch_add(1, std::memory_order_relaxed) + 1;
    if (number < first || number > last) return false;
    if (const char* const report = std::getenv("CENOTE_TEST_REPORT")) {
        const int before = errno;
        (void)!::write(std::atoi(report), "!", 1);
        errno = before;
    }
    return true;
}

// The one behind this library. Found again by each call: a static local would be a lock.
template <class Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

} // namespace

extern "C" {

// For the program, which finds them by dlsym: one call in so many fails, of whatever kind; 0: none. How many did.
void cenote_test_fail_one_in(unsigned n) { one_in.store(n, std::memory_order_relaxed); }
unsigned long cenote_test_failures() { return failures.load(std::memory_order_relaxed); }

void* mmap(void* at, std::size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
    if (fails("mmap", __builtin_return_address(0))) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return next<decltype(mmap)>("mmap")(at, bytes, protection, flags, file, offset);
}

int munmap(void* p, std::size_t bytes) noexcept {
    if (fails("munmap", __builtin_return_address(0))) {
        errno = ENOMEM;
        return -1;
    }
    return next<decltype(munmap)>("munmap")(p, bytes);
}

int madvise(void* p, std::size_t bytes, int advice) noexcept {
    if (fails("madvise", __builtin_return_address(0))) {
        errno = EINVAL;
        return -1;
    }
    return next<decltype(madvise)>("madvise")(p, bytes, advice);
}

int mprotect(void* p, std::size_t bytes, int protection) noexcept {
    if (fails("mprotect", __builtin_return_address(0))) {
        errno = ENOMEM;
        return -1;
    }
    return next<decltype(mprotect)>("mprotect")(p, bytes, protection);
}

void* mremap(void* p, std::size_t bytes, std::size_t more, int flags, ...) noexcept {
    if (fails("mremap", __builtin_return_address(0))) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    va_list rest;
    va_start(rest, flags);
    void* const to = (flags & MREMAP_FIXED) != 0 ? va_arg(rest, void*) : nullptr;
    va_end(rest);
    return next<decltype(mremap)>("mremap")(p, bytes, more, flags, to);
}

int pthread_key_create(pthread_key_t* key, void (*at_end)(void*)) noexcept {
    return fails("key_create", __builtin_return_address(0))
               ? EAGAIN
               : next<decltype(pthread_key_create)>("pthread_key_create")(key, at_end);
}

int pthread_setspecific(pthread_key_t key, const void* value) noexcept {
    return fails("setspecific", __builtin_return_address(0))
               ? ENOMEM
               : next<decltype(pthread_setspecific)>("pthread_setspecific")(key, value);
}

// What pthread_atfork becomes.
int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(), void* of_library) noexcept {
    return fails("atfork", __builtin_return_address(0))
               ? ENOMEM
               : next<decltype(__register_atfork)>("__register_atfork")(prepare, parent, child, of_library);
}

long syscall(long number, ...) noexcept {
    va_list rest;
    va_start(rest, number);
    long of[6];
    for (long& each : of)
        each = va_arg(rest, long);
    va_end(rest);
    if (number == SYS_futex && fails("futex", __builtin_return_address(0))) {
        errno = EPERM;
        return -1;
    }
    return next<decltype(syscall)>("syscall")(number, of[0], of[1], of[2], of[3], of[4], of[5]);
}
}
