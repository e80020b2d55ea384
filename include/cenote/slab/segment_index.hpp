// Layer: slab. The set of a pool's size-aligned segments, by address: says whether a masked pointer is one of them
// without touching the memory it points to.
//
// Open addressing with linear probing over a table at most half full; the table comes from the pool's source.
// Membership is one multiplication and, mostly, one load.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/source/source.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace cenote::detail {

class segment_index {
public:
    segment_index() = default;
    segment_index(segment_index&& other) noexcept
        : slots_(std::exchange(other.slots_, nullptr)),
          shift_(std::exchange(other.shift_, std::uint8_t{0})),
          count_(std::exchange(other.count_, 0U)) {}
    segment_index& operator=(segment_index&&) = delete;

    // `base` is not 0. O(1) expected.
    CENOTE_ALWAYS_INLINE bool contains(std::uintptr_t base) const noexcept {
        if (slots_ == nullptr) [[unlikely]]
            return false;
        for (std::size_t i = slot_of(base);; i = (i + 1) & (slots() - 1)) {
            if (slots_[i] == base) [[likely]]
                return true;
            if (slots_[i] == 0) return false;
        }
    }

    // Makes room for one more. False, and nothing changed, when the source refuses.
    template <memory_source Source>
    bool reserve_one(Source& source) noexcept {
        if (slots_ != nullptr && (count_ + 1) * 2 <= slots()) return true;
        const std::size_t larger = slots_ == nullptr ? first_slots : slots() * 2;
        auto* const table = static_cast<std::uintptr_t*>(source.allocate(larger * sizeof(std::uintptr_t), cache_line));
        if (table == nullptr) return false;
        std::fill_n(table, larger, std::uintptr_t{0});
        segment_index old{std::move(*this)};
        slots_ = table;
        shift_ = static_cast<std::uint8_t>(word_bits - static_cast<unsigned>(std::countr_zero(larger)));
        for (std::size_t i = 0; old.slots_ != nullptr && i != old.slots(); ++i)
            if (old.slots_[i] != 0) insert(old.slots_[i]);
        old.free_table(source);
        return true;
    }

    // Needs room, see reserve_one; `base` is not yet in the set.
    void insert(std::uintptr_t base) noexcept {
        std::size_t i = slot_of(base);
        while (slots_[i] != 0)
            i = (i + 1) & (slots() - 1);
        slots_[i] = base;
        ++count_;
    }

    void clear() noexcept {
        if (slots_ != nullptr) std::fill_n(slots_, slots(), std::uintptr_t{0});
        count_ = 0;
    }

    template <memory_source Source>
    void free_table(Source& source) noexcept {
        if (slots_ != nullptr) source.deallocate(slots_, table_bytes(), cache_line);
        slots_ = nullptr;
        count_ = 0;
    }

    bool empty() const noexcept { return count_ == 0; }
    std::size_t table_bytes() const noexcept { return slots_ == nullptr ? 0 : slots() * sizeof(std::uintptr_t); }

private:
    static constexpr std::size_t first_slots = 64;

    std::size_t slots() const noexcept { return std::size_t{1} << (word_bits - shift_); }

    // Fibonacci hashing (Knuth, The Art of Computer Programming 6.4): the high bits of a product with 2^64 / phi.
    std::size_t slot_of(std::uintptr_t base) const noexcept {
        return static_cast<std::size_t>((base * 0x9E3779B97F4A7C15U) >> shift_);
    }

    std::uintptr_t* slots_ = nullptr;
    std::uint8_t shift_ = 0;
    std::uint32_t count_ = 0;
};

}  // namespace cenote::detail
