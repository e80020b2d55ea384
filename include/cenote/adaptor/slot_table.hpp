// Layer: adaptor. What makes handles: numbered slots, each with a pointer and a generation.
//
//     slots_   [ object | generation | next free ] [ ... ] [ ... ]        16 bytes each
//
// A slot's generation grows by one whenever it is emptied, so what was known of it by the old one is stale. A slot whose
// generation has nowhere to grow is retired: never used again, so no stale pair of number and generation ever comes back
// to life.
//
// Generational indices: the "packed array" of Bitsquid and many game engines; Catherine West, 2018, "Using Rust for Game
// Development".
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/source/source.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <utility>

namespace cenote::detail {

// Not thread-safe. `Generation` is narrower in tests alone.
template <memory_source Source, std::unsigned_integral Generation = std::uint32_t>
class slot_table {
public:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max(); // the number of no slot
    static constexpr Generation first_generation = 1; // so that all zeroes is no slot's

    explicit slot_table(Source source) : source_(std::move(source)) {}
    slot_table(const slot_table&) = delete;
    slot_table& operator=(const slot_table&) = delete;
    ~slot_table() {
        if (slots_ != nullptr) source_.deallocate(slots_, capacity_ * sizeof(slot), alignof(slot));
    }

    // Sees to it that take() has a slot. False when the source refuses or all numbers are used. Amortised O(1).
    bool reserve_one() noexcept { return free_ != none || count_ != capacity_ || grow(); }

    // The number that take() gives next. Needs reserve_one().
    std::uint32_t next() const noexcept { return free_ != none ? free_ : count_; }

    // Fills the slot next(). O(1).
    void take(void* object) noexcept {
        if (free_ == none) {
            ::new (slots_ + count_) slot{object, first_generation, none};
            ++count_;
            return;
        }
        slot& s = slots_[free_];
        free_ = s.next_free;
        s.object = object;
    }

    // Empties a slot. O(1).
    void give(std::uint32_t number) noexcept {
        slot& s = slots_[number];
        s.object = nullptr;
        if (s.generation == std::numeric_limits<Generation>::max()) {
            s.generation = 0;
            ++retired_;
            return;
        }
        ++s.generation;
        s.next_free = free_;
        free_ = number;
    }
    // Empties all slots. O(slots).
    void give_all() noexcept {
        for (std::uint32_t i = count_; i-- != 0;)
            if (slots_[i].object != nullptr) give(i);
    }

    // What the slot was filled with, in this generation; else nullptr. Any values may be asked. O(1).
    CENOTE_ALWAYS_INLINE void* find(std::uint32_t number, Generation generation) const noexcept {
        if (number >= count_ || slots_[number].generation != generation) return nullptr;
        return slots_[number].object;
    }
    Generation generation(std::uint32_t number) const noexcept { return slots_[number].generation; }

    std::size_t count() const noexcept { return count_; }     // slots that were ever filled
    std::size_t retired() const noexcept { return retired_; } // slots
    std::size_t bytes() const noexcept { return capacity_ * sizeof(slot); }

private:
    struct slot {
        void* object; // nullptr: empty
        Generation generation;
        std::uint32_t next_free;
    };

    CENOTE_COLD bool grow() noexcept {
        const std::uint32_t more = std::max<std::uint32_t>(256, capacity_ <= none / 2 ? capacity_ * 2 : none);
        if (more == capacity_) return false;
        void* const memory = source_.allocate(more * sizeof(slot), alignof(slot));
        if (memory == nullptr) return false;
        auto* const larger = static_cast<slot*>(memory);
        std::uninitialized_copy_n(slots_, count_, larger);
        if (slots_ != nullptr) source_.deallocate(slots_, capacity_ * sizeof(slot), alignof(slot));
        slots_ = larger;
        capacity_ = more;
        return true;
    }

    CENOTE_NO_UNIQUE_ADDRESS Source source_;
    slot* slots_ = nullptr;
    std::uint32_t count_ = 0;
    std::uint32_t capacity_ = 0;
    std::uint32_t free_ = none; // filled last, first out
    std::uint32_t retired_ = 0;
};

} // namespace cenote::detail
