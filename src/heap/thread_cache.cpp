#include "thread_cache.hpp"

#include "class_store.hpp"

#include "cenote/base/bits.hpp"
#include "cenote/os/vm.hpp"

#include <algorithm>

namespace cenote::detail {

namespace {

constexpr std::size_t first_capacity = 16;

constexpr std::size_t next_capacity(size_class c, std::size_t capacity) noexcept {
    const std::size_t most = magazine_limit(c);
    return std::min(capacity == 0 ? first_capacity : 4 * capacity, most);
}

// Slots that all magazines take on their way to their largest capacity; slots outgrown are not used again.
constexpr std::size_t all_slots() noexcept {
    std::size_t slots = 0;
    for (size_class c = 1; c <= last_class; ++c) {
        for (std::size_t capacity = next_capacity(c, 0);; capacity = next_capacity(c, capacity)) {
            slots += capacity + 1;
            if (capacity == magazine_limit(c)) break;
        }
    }
    return slots;
}

} // namespace

constinit const thread_cache closed_cache{};
constinit thread_local thread_heaps this_thread_heaps;

bool thread_cache::grow(size_class c) noexcept {
    magazine_state& s = states[c];
    const std::size_t capacity = next_capacity(c, s.capacity);
    if (capacity == s.capacity) return false;
    const std::size_t held = size(c);
    if (capacity > s.allotted) {
        std::byte** const slots = next_slots;
        next_slots += capacity + 1;
        *slots = nullptr;
        if (held != 0) std::copy_n(s.first, held, slots + 1);
        s.first = slots + 1;
        s.allotted = static_cast<std::uint16_t>(capacity);
    }
    s.capacity = static_cast<std::uint16_t>(capacity);
    s.exchanges = 0;
    magazines[c].set(s.first + held);
    magazines[c].full = s.first + capacity;
    return true;
}

void thread_cache::shrink(size_class c) noexcept {
    magazine_state& s = states[c];
    s.capacity = static_cast<std::uint16_t>(std::min<std::size_t>(s.capacity, next_capacity(c, 0)));
    s.exchanges = 0;
    magazines[c].full = s.first + s.capacity;
}

std::size_t thread_cache::bytes() noexcept {
    static constexpr std::size_t slots = all_slots();
    return round_up(sizeof(thread_cache) + slots * sizeof(std::byte*), vm::page_size());
}

} // namespace cenote::detail
