#include "allocator.hpp"

#include "cenote/base/error.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <dlfcn.h>

namespace cenote::tool::record {

namespace {

alignas(64) constinit std::byte early_bytes[16'384]{};
constinit std::atomic<std::size_t> early_used{0};

constinit thread_local bool looks [[gnu::tls_model("initial-exec")]] = false;

template <class Function>
void look_up(Function*& to, const char* name) noexcept {
    to = reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
    if (to == nullptr) cenote::detail::fail_with("cenote record: there is no %s to record", name);
}

} // namespace

bool find_below() noexcept {
    if (is_found()) return true;
    if (looks) return false;
    looks = true;
    allocator_below found{};
    look_up(found.malloc, "malloc");
    look_up(found.free, "free");
    look_up(found.calloc, "calloc");
    look_up(found.realloc, "realloc");
    look_up(found.memalign, "memalign");
    // Two threads may both find them, and write the same. The one that is asked for is written last.
    below.malloc = found.malloc;
    below.free = found.free;
    below.calloc = found.calloc;
    below.realloc = found.realloc;
    // Release: whoever sees it, sees the others.
    __atomic_store_n(&below.memalign, found.memalign, __ATOMIC_RELEASE);
    looks = false;
    return true;
}

void* allocate_early(std::size_t size, std::size_t alignment) noexcept {
    if (size > sizeof early_bytes || alignment > sizeof early_bytes) return nullptr;
    const std::size_t needed = size + alignment + 16;
    const std::size_t at = early_used.fetch_add(needed, std::memory_order_relaxed); // publishes nothing
    if (at + needed > sizeof early_bytes) return nullptr;
    const auto base = reinterpret_cast<std::uintptr_t>(early_bytes) + at + 16;
    auto* const p = reinterpret_cast<std::byte*>((base + alignment - 1) & ~(alignment - 1));
    std::memcpy(p - 16, &size, sizeof size);
    return p;
}

bool is_early(const void* p) noexcept {
    const auto* const b = static_cast<const std::byte*>(p);
    return b >= early_bytes && b < early_bytes + sizeof early_bytes;
}

void* reallocate_early(void* p, std::size_t size) noexcept {
    std::size_t had = 0;
    std::memcpy(&had, static_cast<const std::byte*>(p) - 16, sizeof had);
    void* const to = find_below() ? below.malloc(size) : allocate_early(size, 16);
    if (to != nullptr) std::memcpy(to, p, std::min(had, size));
    return to;
}

} // namespace cenote::tool::record
