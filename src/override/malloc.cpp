// Layer: override. The C functions of malloc, over the heap of the process. What the standards leave open is as in
// glibc's manual: malloc(0) is a block, realloc(p, 0) frees, memalign rounds its alignment up.
#include "blocks.hpp"

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

constexpr std::size_t largest_alignment = ~(static_cast<std::size_t>(-1) >> 1);

CENOTE_COLD void* refused() noexcept {
    errno = ENOMEM;
    return nullptr;
}

// The functions below call each other by these: by their own names, they might reach another library's.
void* aligned(std::size_t alignment, std::size_t size) noexcept {
    if (alignment <= least_alignment) return allocate_block(size);
    return allocate_block(size, alignment);
}

void* rounded_up(std::size_t alignment, std::size_t size) noexcept {
    if (alignment > largest_alignment) {
        errno = EINVAL;
        return nullptr;
    }
    return aligned(std::bit_ceil(alignment), size);
}

void* resized(void* p, std::size_t size) noexcept {
    if (p == nullptr) return allocate_block(size);
    if (size == 0) {
        deallocate_block(p);
        return nullptr;
    }
    return reallocate_block(p, size);
}

} // namespace

extern "C" {

CENOTE_EXPORT void* malloc(std::size_t size) { return allocate_block(size); }

CENOTE_EXPORT void free(void* p) { deallocate_block(p); }

CENOTE_EXPORT void* calloc(std::size_t count, std::size_t size) {
    std::size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return refused();
    return allocate_zeroed_block(bytes);
}

CENOTE_EXPORT void* realloc(void* p, std::size_t size) { return resized(p, size); }

CENOTE_EXPORT void* reallocarray(void* p, std::size_t count, std::size_t size) {
    std::size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return refused();
    return resized(p, bytes);
}

CENOTE_EXPORT void* memalign(std::size_t alignment, std::size_t size) { return rounded_up(alignment, size); }

CENOTE_EXPORT void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return rounded_up(alignment, size);
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

CENOTE_EXPORT std::size_t malloc_usable_size(void* p) { return usable_size(p); }

CENOTE_EXPORT int malloc_trim(std::size_t) {
    const errno_kept kept;
    return trim_blocks() != 0 ? 1 : 0;
}

} // extern "C"
