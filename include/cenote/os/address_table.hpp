// Layer: os. A table of entries by address, in memory of its own from the OS: open-addressed, with linear probing, a power of two of
// slots, at most half of them used.
//
//     slots_  [ entry | none | entry | entry | none | ... ]
//
// An entry that goes leaves no mark: those behind it move up (Knuth, "The Art of Computer Programming" 3, 6.4, algorithm R).
#pragma once

#include "cenote/os/vm.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace cenote::detail {

// `Entry` is trivially copyable; its member `Key` is its address, 0 in a slot that has none. Constant-initialised, and never destroyed by
// itself: see release(). Not thread-safe.
template <class Entry, std::uintptr_t Entry::*Key>
class address_table {
public:
    constexpr address_table() noexcept = default;
    address_table(const address_table&) = delete;
    address_table& operator=(const address_table&) = delete;

    // Neighbouring blocks, and those at the same place of different pages, go far apart.
    static std::size_t hash(std::uintptr_t key) noexcept {
        return static_cast<std::size_t>((key >> 3) * 0x9E37'79B9'7F4A'7C15 >> 24);
    }

    std::size_t size() const noexcept { return used_; } // entries
    // All slots, those without an entry as well.
    Entry* begin() noexcept { return slots_; }
    Entry* end() noexcept { return slots_ + count_; }
    const Entry* begin() const noexcept { return slots_; }
    const Entry* end() const noexcept { return slots_ + count_; }

    // nullptr where there is none. O(1).
    Entry* find(std::uintptr_t key) const noexcept {
        if (slots_ == nullptr) return nullptr;
        for (std::size_t i = home(key);; i = after(i)) {
            if (slots_[i].*Key == key) return &slots_[i];
            if (slots_[i].*Key == 0) return nullptr;
        }
    }

    // For so many entries more. False, and nothing changed, where there is no memory. Entries move. O(1) amortised.
    bool make_room(std::size_t more) noexcept {
        if ((used_ + more) * 2 <= count_) return true;
        const std::size_t larger = count_ == 0 ? first_slots : count_ * 2;
        auto* const made = static_cast<Entry*>(vm::map_anywhere(larger * sizeof(Entry)));
        if (made == nullptr) return false;
        Entry* const old = std::exchange(slots_, made);
        const std::size_t old_count = std::exchange(count_, larger);
        used_ = 0;
        for (std::size_t i = 0; i != old_count; ++i)
            if (old[i].*Key != 0) insert(old[i]);
        if (old != nullptr) vm::release(old, old_count * sizeof(Entry));
        return true;
    }

    // Needs room, and no entry with this key.
    void insert(const Entry& e) noexcept {
        std::size_t i = home(e.*Key);
        while (slots_[i].*Key != 0)
            i = after(i);
        slots_[i] = e;
        ++used_;
    }

    // Others move.
    void erase(Entry* at) noexcept {
        auto hole = static_cast<std::size_t>(at - slots_);
        for (std::size_t i = after(hole); slots_[i].*Key != 0; i = after(i)) {
            if (distance(home(slots_[i].*Key), i) < distance(hole, i))
                continue; // it would come before its home
            slots_[hole] = slots_[i];
            hole = i;
        }
        slots_[hole] = {};
        --used_;
    }

    // What the other has; this one must have nothing.
    void take(address_table& other) noexcept {
        slots_ = std::exchange(other.slots_, nullptr);
        count_ = std::exchange(other.count_, 0);
        used_ = std::exchange(other.used_, 0);
    }

    // All entries go, and the memory.
    void release() noexcept {
        if (slots_ != nullptr) vm::release(slots_, count_ * sizeof(Entry));
        slots_ = nullptr;
        count_ = used_ = 0;
    }

    // Whether each entry is found. O(slots).
    bool valid() const noexcept {
        std::size_t found = 0;
        for (const Entry& e : *this) {
            if (e.*Key == 0) continue;
            ++found;
            if (find(e.*Key) != &e) return false;
        }
        return found == used_ && used_ * 2 <= count_;
    }

private:
    static constexpr std::size_t first_slots = 256;

    std::size_t after(std::size_t i) const noexcept { return (i + 1) & (count_ - 1); }
    std::size_t distance(std::size_t from, std::size_t to) const noexcept {
        return (to - from) & (count_ - 1);
    }
    std::size_t home(std::uintptr_t key) const noexcept { return hash(key) & (count_ - 1); }

    Entry* slots_ = nullptr;
    std::size_t count_ = 0; // slots
    std::size_t used_ = 0;
};

} // namespace cenote::detail
