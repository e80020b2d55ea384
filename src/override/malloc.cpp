// Layer: override. The C functions of malloc, over the heap of the process. What the standards leave open is as in
// glibc's manual: malloc(0) is a block, realloc(p, 0) frees, memalign rounds its alignment up.
#include "override.hpp"

#include "cenote/base/bits.hpp"
#include "cenote/os/vm.hpp"

#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <malloc.h>
#include <stdlib.h>

using namespace cenote::detail;

namespace {

constexpr std::size_t least_alignment = 16;
constexpr std::size_t largest_alignment = ~(static_cast<std::size_t>(-1) >> 1);

CENOTE_COLD void* refused() noexcept {
    errno = ENOMEM;
    return nullptr;
}

void* aligned(std::size_t alignment, std::size_t size) noexcept {
    if (alignment <= least_alignment) return process_allocate(size);
    return process_allocate(size, alignment);
}

} // namespace

extern "C" {

CENOTE_EXPORT void* malloc(std::size_t size) { return process_allocate(size); }

CENOTE_EXPORT void free(void* p) { process_deallocate(p); }

CENOTE_EXPORT void* calloc(std::size_t count, std::size_t size) {
    std::size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return refused();
    return process_heap.allocate_zeroed(bytes, least_alignment);
}

CENOTE_EXPORT void* realloc(void* p, std::size_t size) {
    if (p == nullptr) return malloc(size);
    if (size == 0) {
        process_deallocate(p);
        return nullptr;
    }
    return process_heap.reallocate(p, size, least_alignment);
}

CENOTE_EXPORT void* reallocarray(void* p, std::size_t count, std::size_t size) {
    std::size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return refused();
    return realloc(p, bytes);
}

CENOTE_EXPORT void* memalign(std::size_t alignment, std::size_t size) {
    if (alignment > largest_alignment) {
        errno = EINVAL;
        return nullptr;
    }
    return aligned(std::bit_ceil(alignment), size);
}

CENOTE_EXPORT void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return memalign(alignment, size);
}

CENOTE_EXPORT int posix_memalign(void** to, std::size_t alignment, std::size_t size) {
    if (alignment % sizeof(void*) != 0 || !std::has_single_bit(alignment)) return EINVAL;
    const errno_kept kept;
    void* const p = aligned(alignment, size);
    if (p == nullptr) return ENOMEM;
    *to = p;
    return 0;
}

CENOTE_EXPORT void* valloc(std::size_t size) { return aligned(cenote::vm::page_size(), size); }

CENOTE_EXPORT void* pvalloc(std::size_t size) {
    const std::size_t page = cenote::vm::page_size();
    if (size > static_cast<std::size_t>(PTRDIFF_MAX)) return refused();
    return aligned(page, round_up(size, page));
}

CENOTE_EXPORT std::size_t malloc_usable_size(void* p) { return process_heap.usable_size(p); }

CENOTE_EXPORT int malloc_trim(std::size_t) {
    const errno_kept kept;
    return process_heap.trim() != 0 ? 1 : 0;
}

} // extern "C"
