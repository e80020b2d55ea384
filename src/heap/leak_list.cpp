#include "leak_list.hpp"

namespace cenote::detail {

// Needs the lock. Room for one more.
bool leak_list::make_room() noexcept {
    if (filter_.load(std::memory_order_relaxed) == nullptr) {
        void* const made = vm::map_anywhere(filter_bytes);
        if (made == nullptr) return false;
        // Release: pairs with remove(); zeroes are seen.
        filter_.store(static_cast<std::atomic<std::uint8_t>*>(made), std::memory_order_release);
    }
    return table_.make_room(1);
}

void leak_list::add(const leak_record& r) noexcept {
    const locked_scope hold{lock};
    if (!make_room()) return;
    table_.insert(r);
    // Full ones stay full: then the table is asked in vain, and that is all. Relaxed: written under the lock, and see remove().
    auto& count = filter_.load(std::memory_order_relaxed)[table::hash(r.base) % filter_bytes];
    const std::uint8_t seen = count.load(std::memory_order_relaxed);
    if (seen != 255) count.store(static_cast<std::uint8_t>(seen + 1), std::memory_order_relaxed);
}

void leak_list::remove_record(std::uintptr_t base) noexcept {
    const locked_scope hold{lock};
    leak_record* const found = table_.find(base);
    if (found == nullptr) return;
    table_.erase(found);
    auto& count = filter_.load(std::memory_order_relaxed)[table::hash(base) % filter_bytes];
    const std::uint8_t seen = count.load(std::memory_order_relaxed);
    if (seen != 255) count.store(static_cast<std::uint8_t>(seen - 1), std::memory_order_relaxed);
}

void leak_list::clear() noexcept {
    const locked_scope hold{lock};
    table_.release();
    // Relaxed: a free that still sees another number asks the table.
    if (auto* const filter = filter_.load(std::memory_order_relaxed))
        for (std::size_t i = 0; i != filter_bytes; ++i)
            filter[i].store(0, std::memory_order_relaxed);
}

bool leak_list::valid() const noexcept {
    const locked_scope hold{lock};
    return table_.valid();
}

void leak_list::release_all() noexcept {
    if (void* const filter = filter_.exchange(nullptr, std::memory_order_relaxed))
        vm::release(filter, filter_bytes);
    table_.release();
}

} // namespace cenote::detail
