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
    if (size_ + 1 <= room_ / 2) return true;
    const std::size_t room = room_ == 0 ? first_room : 2 * room_;
    auto* const made = static_cast<leak_record*>(vm::map_anywhere(room * sizeof(leak_record)));
    if (made == nullptr) return false;
    leak_record* const before = table_;
    const std::size_t room_before = room_;
    table_ = made;
    room_ = room;
    for (std::size_t i = 0; i != room_before; ++i)
        if (before[i].base != 0) put(before[i]);
    if (before != nullptr) vm::release(before, room_before * sizeof(leak_record));
    return true;
}

// Needs the lock, and room.
void leak_list::put(const leak_record& r) noexcept {
    std::size_t i = hash(r.base) % room_;
    while (table_[i].base != 0)
        i = (i + 1) % room_;
    table_[i] = r;
}

void leak_list::add(const leak_record& r) noexcept {
    const locked_scope hold{lock};
    if (!make_room()) return;
    put(r);
    ++size_;
    // Full ones stay full: then the table is asked in vain, and that is all. Relaxed: written under the lock, and see remove().
    auto& count = filter_.load(std::memory_order_relaxed)[hash(r.base) % filter_bytes];
    const std::uint8_t seen = count.load(std::memory_order_relaxed);
    if (seen != 255) count.store(static_cast<std::uint8_t>(seen + 1), std::memory_order_relaxed);
}

void leak_list::remove_record(std::uintptr_t base) noexcept {
    const locked_scope hold{lock};
    std::size_t i = hash(base) % room_;
    while (table_[i].base != base) {
        if (table_[i].base == 0) return;
        i = (i + 1) % room_;
    }
    auto& count = filter_.load(std::memory_order_relaxed)[hash(base) % filter_bytes];
    const std::uint8_t seen = count.load(std::memory_order_relaxed);
    if (seen != 255) count.store(static_cast<std::uint8_t>(seen - 1), std::memory_order_relaxed);
    --size_;
    // What follows without a gap moves up, where it may. Knuth, "The Art of Computer Programming" 3, 6.4, algorithm R.
    for (std::size_t next = (i + 1) % room_; table_[next].base != 0; next = (next + 1) % room_) {
        const std::size_t home = hash(table_[next].base) % room_;
        const bool may_move = (next - home) % room_ >= (next - i) % room_;
        if (!may_move) continue;
        table_[i] = table_[next];
        i = next;
    }
    table_[i] = {};
}

void leak_list::clear() noexcept {
    const locked_scope hold{lock};
    for (std::size_t i = 0; i != room_; ++i)
        table_[i] = {};
    size_ = 0;
    // Relaxed: a free that still sees another number asks the table.
    if (auto* const filter = filter_.load(std::memory_order_relaxed))
        for (std::size_t i = 0; i != filter_bytes; ++i)
            filter[i].store(0, std::memory_order_relaxed);
}

bool leak_list::valid() const noexcept {
    const locked_scope hold{lock};
    std::size_t found = 0;
    for (std::size_t i = 0; i != room_; ++i) {
        if (table_[i].base == 0) continue;
        ++found;
        // Found from where it belongs, without a gap.
        for (std::size_t at = hash(table_[i].base) % room_; at != i; at = (at + 1) % room_)
            if (table_[at].base == 0) return false;
    }
    return found == size_;
}

void leak_list::release_all() noexcept {
    if (void* const filter = filter_.exchange(nullptr, std::memory_order_relaxed))
        vm::release(filter, filter_bytes);
    if (table_ != nullptr) vm::release(table_, room_ * sizeof(leak_record));
    table_ = nullptr;
    room_ = size_ = 0;
}

} // namespace cenote::detail
