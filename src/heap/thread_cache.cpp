#include "thread_cache.hpp"

#include "class_store.hpp"

#include "cenote/base/bits.hpp"
#include "cenote/os/vm.hpp"

#include <algorithm>

namespace cenote::detail {

constinit const thread_cache closed_cache{};
constinit thread_local thread_heaps this_thread_heaps;

bool thread_cache::grow(size_class c, std::size_t most_bytes) noexcept {
    magazine_state& s = states[c];
    const std::size_t capacity = layout.next_capacity(c, s.capacity);
    if (capacity == s.capacity) return false;
    const std::size_t more = (capacity - s.capacity) * layout.size(c);
    if (s.capacity != 0 && capacity_bytes + more > most_bytes) return false;
    this_thread_heaps.begin_work(); // between the new slots and the new top
    capacity_bytes += more;
    const std::size_t held = size(c);
    if (capacity > s.allotted) {
        std::byte** const slots = next_slots;
        std::byte** const slots_before = s.first;
        next_slots += capacity + 1;
        *slots = nullptr;
        if (held != 0) std::copy_n(slots_before, held, slots + 1);
        s.first = slots + 1;
        s.allotted = static_cast<std::uint16_t>(capacity);
    }
    s.capacity = static_cast<std::uint16_t>(capacity);
    s.exchanges = 0;
    set_top(c, s.first + held);
    fulls[c].slot = is_watchful ? s.first : s.first + capacity;
    this_thread_heaps.end_work();
    return true;
}

void thread_cache::shrink(size_class c) noexcept {
    magazine_state& s = states[c];
    const std::size_t capacity = std::min<std::size_t>(s.capacity, layout.next_capacity(c, 0));
    capacity_bytes -= (s.capacity - capacity) * layout.size(c);
    s.capacity = static_cast<std::uint16_t>(capacity);
    s.exchanges = 0;
    fulls[c].slot = is_watchful ? s.first : s.first + s.capacity;
}

void thread_cache::set_watchful(bool watchful) noexcept {
    is_watchful = watchful;
    for (size_class c = 1; c <= last_class; ++c)
        if (states[c].first != nullptr) fulls[c].slot = states[c].first + (watchful ? 0 : states[c].capacity);
}

std::size_t thread_cache::bytes() noexcept {
    return round_up(sizeof(thread_cache) + sizeof(sampling_counts) +
                        layout.magazine_slots * sizeof(std::byte*),
                    vm::page_size());
}

} // namespace cenote::detail
