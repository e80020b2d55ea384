#include "waiting.hpp"

#include "features.hpp"
#include "lottery.hpp"

#include "heap/heap_lock.hpp"
#include "heap/process_heap.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace cenote::detail::hardened {

namespace {

constexpr std::size_t most_shelved = 32;

constexpr std::size_t freed_limit_for(std::size_t size) noexcept {
    return std::clamp<std::size_t>(128_KiB / size, 8, 512);
}
std::size_t shelf_limit(size_class c) noexcept {
    return std::clamp<std::size_t>(256_KiB / layout.size(c), 8, most_shelved);
}

struct slot_ranges {
    std::uint32_t first[last_class + 2] = {};
    constexpr slot_ranges() noexcept {
        for (std::size_t c = 1; c <= last_class; ++c)
            first[c + 1] = first[c] + static_cast<std::uint32_t>(freed_limit_for(compute_class_size(c)));
    }
};
constexpr slot_ranges ranges;

// A profile's classes have no more slots than the usual ones of their numbers.
std::size_t freed_limit(size_class c) noexcept {
    return std::min<std::size_t>(freed_limit_for(layout.size(c)), ranges.first[c + 1] - ranges.first[c]);
}

struct alignas(64) room {
    heap_lock lock;
    std::uint32_t freed = 0;
    std::uint32_t shelved = 0;
    lottery lots;
    std::byte* shelf[most_shelved] = {};
};
constinit room rooms[last_class + 1];
constinit std::byte* slots[ranges.first[last_class + 1]];

std::byte** slots_of(size_class c) noexcept { return slots + ranges.first[c]; }

} // namespace

std::byte* wait_for_owner(size_class c, std::byte* freed) noexcept {
    room& r = rooms[c];
    const locked_scope hold{r.lock};
    if (r.freed != freed_limit(c)) {
        slots_of(c)[r.freed++] = freed;
        return nullptr;
    }
    return std::exchange(slots_of(c)[r.lots.draw(r.freed)], freed);
}

std::byte* draw(size_class c) noexcept {
    auto* p = static_cast<std::byte*>(process_heap.allocate_class(process_cache(), c, layout.size(c), 16));
    if (!has(feature::shuffle)) return p;
    room& r = rooms[c];
    // Two for one until the shelf is full. Racy: a look that is too late brings back what it took.
    const bool is_short =
        std::atomic_ref{r.shelved}.load(std::memory_order_relaxed) != shelf_limit(c) && p != nullptr;
    auto* second =
        is_short
            ? static_cast<std::byte*>(process_heap.allocate_class(process_cache(), c, layout.size(c), 16))
            : nullptr;
    {
        const locked_scope hold{r.lock};
        std::uint32_t held = r.shelved;
        if (second != nullptr && held != shelf_limit(c)) r.shelf[held++] = std::exchange(second, nullptr);
        if (p != nullptr && held != 0)
            std::swap(p, r.shelf[r.lots.draw(held)]);
        else if (held != 0)
            p = r.shelf[--held];
        std::atomic_ref{r.shelved}.store(held, std::memory_order_relaxed);
    }
    if (second != nullptr) process_heap.give(process_cache(), second, c);
    return p;
}

std::byte* take_waiting(size_class c) noexcept {
    room& r = rooms[c];
    const locked_scope hold{r.lock};
    return r.freed == 0 ? nullptr : slots_of(c)[--r.freed];
}

std::byte* take_shelved(size_class c) noexcept {
    room& r = rooms[c];
    const locked_scope hold{r.lock};
    if (r.shelved == 0) return nullptr;
    std::atomic_ref{r.shelved}.store(r.shelved - 1, std::memory_order_relaxed);
    return r.shelf[r.shelved];
}

waiting_blocks waiting_in(size_class c) noexcept {
    room& r = rooms[c];
    const locked_scope hold{r.lock};
    return {r.freed, r.shelved};
}

const std::byte* find_unsound(size_class c, bool (*is_sound)(const std::byte* block, size_class c)) noexcept {
    room& r = rooms[c];
    const locked_scope hold{r.lock};
    for (std::uint32_t i = 0; i != r.freed; ++i)
        if (!is_sound(slots_of(c)[i], c)) return slots_of(c)[i];
    return nullptr;
}

void lock_waiting() noexcept {
    for (room& r : rooms)
        r.lock.lock_for_fork();
}
void unlock_waiting() noexcept {
    for (room& r : rooms)
        r.lock.unlock_after_fork();
}

} // namespace cenote::detail::hardened
