// Layer: tool. malloc's functions, as the recorded program calls them: each is the allocator's below, and a record.
#include "calls.hpp"

#include "cenote/base/bits.hpp"
#include "cenote/os/vm.hpp"

#include <bit>
#include <cerrno>
#include <cstdint>
#include <dlfcn.h>
#include <unistd.h>

using namespace cenote::tool;
using namespace cenote::tool::record;

namespace {

void* refused() noexcept {
    errno = ENOMEM;
    return nullptr;
}

void* reallocate(void* p, std::size_t size) noexcept {
    if (is_early(p)) return reallocate_early(p, size);
    if (!is_found() && !find_below()) [[unlikely]]
        return allocate_early(size, least_alignment);
    thread_state& t = this_thread;
    const call here(t);
    if (!here.records()) return below.realloc(p, size);
    if (p != nullptr && size == 0) {
        // Not every allocator frees here; what it returns may be a block.
        put_release(t, event_kind::free, p);
        void* const to = below.realloc(p, size);
        if (to != nullptr) put_allocation(t, event_kind::realloc, to, size, 0);
        return to;
    }
    if (p != nullptr) put_realloc_begin(t, p);
    void* const to = below.realloc(p, size);
    put_realloc_end(t, p, to, size);
    return to;
}

void* rounded_up(std::size_t alignment, std::size_t size) noexcept {
    if (alignment > ~(static_cast<std::size_t>(-1) >> 1U)) {
        errno = EINVAL;
        return nullptr;
    }
    return allocate_aligned(event_kind::aligned, std::bit_ceil(alignment), size);
}

} // namespace

extern "C" {

CENOTE_EXPORT void* malloc(std::size_t size) { return allocate(event_kind::malloc, size); }
CENOTE_EXPORT void free(void* p) { release(event_kind::free, p); }

CENOTE_EXPORT void* calloc(std::size_t count, std::size_t size) {
    std::size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return refused();
    if (!is_found() && !find_below()) [[unlikely]]
        return allocate_early(bytes, least_alignment); // which nobody used before
    thread_state& t = this_thread;
    const call here(t);
    void* const p = below.calloc(count, size);
    if (here.records()) put_allocation(t, event_kind::calloc, p, bytes, 0);
    return p;
}

CENOTE_EXPORT void* realloc(void* p, std::size_t size) { return reallocate(p, size); }
CENOTE_EXPORT void* reallocarray(void* p, std::size_t count, std::size_t size) {
    std::size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return refused();
    return reallocate(p, bytes);
}

CENOTE_EXPORT void* memalign(std::size_t alignment, std::size_t size) { return rounded_up(alignment, size); }
CENOTE_EXPORT void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return rounded_up(alignment, size);
}
CENOTE_EXPORT int posix_memalign(void** to, std::size_t alignment, std::size_t size) {
    if (alignment % sizeof(void*) != 0 || !std::has_single_bit(alignment)) return EINVAL;
    const int before = errno;
    void* const p = allocate_aligned(event_kind::aligned, alignment, size);
    errno = before;
    if (p == nullptr) return ENOMEM;
    *to = p;
    return 0;
}
CENOTE_EXPORT void* valloc(std::size_t size) {
    return allocate_aligned(event_kind::aligned, cenote::vm::page_size(), size);
}
CENOTE_EXPORT void* pvalloc(std::size_t size) {
    const std::size_t page = cenote::vm::page_size();
    if (size > static_cast<std::size_t>(PTRDIFF_MAX)) return refused();
    return allocate_aligned(event_kind::aligned, page, cenote::detail::round_up(size, page));
}

CENOTE_EXPORT pid_t fork() {
    const auto next = reinterpret_cast<pid_t (*)()>(::dlsym(RTLD_NEXT, "fork"));
    const pid_t child = next();
    if (child <= 0) return child;
    const int before = errno;
    thread_state& t = this_thread;
    const call here(t);
    if (here.records()) put_fork(t, static_cast<std::uint32_t>(child));
    errno = before;
    return child;
}

} // extern "C"
