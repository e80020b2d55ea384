#include "hardened.hpp"

#include "features.hpp"
#include "large.hpp"
#include "seal.hpp"
#include "small.hpp"
#include "waiting.hpp"

#include "heap/heap_list.hpp"

#include "cenote/base/error.hpp"
#include "cenote/os/lock.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <pthread.h>

namespace cenote::detail::hardened {

namespace {

constexpr std::size_t max_request = std::size_t{1} << 46; // bytes; of sizes and alignments
constexpr complaint while_freed{"free of a pointer to no block", "double free"};
constexpr complaint while_reallocated{"reallocate of a pointer to no block",
                                      "reallocate of a pointer to no block"};
constexpr complaint while_asked{"size of a pointer to no block", "size of a pointer to no block"};

void before_fork() noexcept {
    lock_waiting();
    lock_waiting_large();
    ++this_thread_heaps.forks;
}
void after_fork() noexcept {
    --this_thread_heaps.forks;
    unlock_waiting_large();
    unlock_waiting();
}

constinit short_lock prepare_lock;
constinit std::atomic<bool> is_prepared{false};

CENOTE_COLD void prepare() noexcept {
    heaps.settle(); // the class is looked up here
    {
        const locked_scope hold{prepare_lock};
        if (is_prepared.load(std::memory_order_relaxed)) return;
        draw_secret();
        // Release: pairs with the acquire of whoever allocates; the secret is seen.
        is_prepared.store(true, std::memory_order_release);
    }
    // May allocate. Where it is refused, a fork is as unsafe as in any program without handlers.
    ::pthread_atfork(before_fork, after_fork, after_fork);
}

bool is_class(unit_kind kind) noexcept { return kind != kind_foreign && kind <= last_class; }

size_class class_with_seal(std::size_t size, std::size_t alignment) noexcept {
    if (size > max_class_size - seal_bytes || alignment > max_class_alignment) return no_class;
    return alignment <= 16 ? layout.find(size + seal_bytes) : layout.find(size + seal_bytes, alignment);
}

void* try_allocate(std::size_t size, std::size_t alignment, std::size_t room, bool zeroed) noexcept {
    const size_class c = class_with_seal(size, alignment);
    return c != no_class ? allocate_small(c, size, zeroed) : allocate_large(size, alignment, room, zeroed);
}

std::size_t release_waiting() noexcept { return release_waiting_small() + release_waiting_large(); }

// What waits may be what is missing.
CENOTE_COLD void* allocate_at_last(std::size_t size, std::size_t alignment, bool zeroed, int kept) noexcept {
    void* p = nullptr;
    if (size <= max_request && alignment <= max_request && release_waiting() != 0)
        p = try_allocate(size, alignment, 0, zeroed);
    errno = p != nullptr ? kept : ENOMEM;
    return p;
}

void* allocate_with(std::size_t size, std::size_t alignment, std::size_t room, bool zeroed) noexcept {
    // Acquire: pairs with prepare().
    if (!is_prepared.load(std::memory_order_acquire)) [[unlikely]]
        prepare();
    const int kept = errno;
    void* p = nullptr;
    if (size <= max_request && alignment <= max_request) p = try_allocate(size, alignment, room, zeroed);
    return p != nullptr ? p : allocate_at_last(size, alignment, zeroed, kept);
}

std::size_t live_size(const void* p, unit_kind kind, const complaint& say) noexcept {
    return is_class(kind) ? size_of_small(p, static_cast<size_class>(kind), say) : size_of_large(p, say);
}

void free_block(void* p, unit_kind kind, std::size_t size) noexcept {
    if (is_class(kind))
        deallocate_small(p, static_cast<size_class>(kind), size);
    else
        deallocate_large(p);
}

} // namespace

void* allocate(std::size_t size, std::size_t alignment) noexcept {
    return allocate_with(size, alignment, 0, false);
}
void* allocate_zeroed(std::size_t size, std::size_t alignment) noexcept {
    return allocate_with(size, alignment, 0, true);
}

void* reallocate(void* p, std::size_t size) noexcept {
    const unit_kind kind = process_map.kind_of(p);
    const std::size_t was = live_size(p, kind, while_reallocated);
    if (size <= max_request) {
        if (is_class(kind) && resize_small(p, static_cast<size_class>(kind), was, size)) return p;
        if (!is_class(kind) && resize_large(p, size)) return p;
    }
    // A large block that grows once, grows on: it gets room for a quarter more.
    const std::size_t room = !is_class(kind) && size > was && size <= max_request ? size + size / 4 : 0;
    void* const to = allocate_with(size, 16, room, false);
    if (to == nullptr) return nullptr;
    std::memcpy(to, p, std::min(was, size));
    free_block(p, kind, was);
    return to;
}

std::size_t usable_size(const void* p) noexcept {
    return p == nullptr ? 0 : live_size(p, process_map.kind_of(p), while_asked);
}

void deallocate(void* p) noexcept {
    if (p == nullptr) return;
    const unit_kind kind = process_map.kind_of(p);
    free_block(p, kind, live_size(p, kind, while_freed));
}

void deallocate(void* p, std::size_t size, std::size_t alignment) noexcept {
    if (p == nullptr) return;
    const unit_kind kind = process_map.kind_of(p);
    const std::size_t is = live_size(p, kind, while_freed);
    if (is != size || !is_aligned(p, alignment))
        fail_with("free with the wrong size: %p, said to be of %zu bytes at a multiple of %zu, is a block of "
                  "%zu bytes",
                  p, size, alignment, is);
    free_block(p, kind, is);
}

std::size_t trim() noexcept {
    release_waiting();
    return process_heap.trim();
}

void check_waiting() noexcept {
    check_waiting_small();
    process_heap.check_waiting();
}

size_class_stats stats_of(size_class c) noexcept {
    size_class_stats s = process_heap.stats_of(c);
    const waiting_blocks waiting = waiting_in(c);
    const std::size_t blocks = std::min(s.live, waiting.freed + waiting.shelved);
    s.live -= blocks;
    s.in_magazines += blocks;
    return s;
}

heap_stats stats() noexcept {
    heap_stats s = process_heap.stats();
    std::size_t bytes = 0;
    for (size_class c = 1; c <= last_class; ++c) {
        const waiting_blocks waiting = waiting_in(c);
        bytes += (waiting.freed + waiting.shelved) * layout.size(c);
    }
    const waiting_large large = waiting_large_bytes();
    s.live -= std::min(s.live, bytes + large.bytes);
    s.in_magazines += bytes;
    s.mappings -= std::min(s.mappings, large.mappings);
    s.mapping_live -= std::min(s.mapping_live, large.bytes_of_mappings);
    s.large_live -= std::min(s.large_live, large.bytes - large.bytes_of_mappings);
    return s;
}

} // namespace cenote::detail::hardened
