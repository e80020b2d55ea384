// Layer: slab. The set of a pool's size-aligned segments, by address: says whether a masked pointer is one of them
// without touching the memory it points to.
//
// Open addressing with linear probing over a table at most half full; the table comes from the pool's source.
// Membership is, mostly, one load.
#pragma once

#include "cenote/base/algorithm.hpp"
#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/units.hpp"
#include "cenote/source/source.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace cenote::detail {

class segment_index {
public:
    // For segments of 2 to the `segment_shift` bytes.
    constexpr explicit segment_index(unsigned segment_shift) noexcept
        : segment_shift_(static_cast<std::uint8_t>(segment_shift)) {}
    segment_index(segment_index&& other) noexcept
        : slots_(std::exchange(other.slots_, nullptr)), count_(std::exchange(other.count_, 0U)),
          slots_log2_(other.slots_log2_), segment_shift_(other.segment_shift_) {}
    segment_index& operator=(segment_index&&) = delete;

    // The set at one moment, by value: valid until the set changes.
    class view {
    public:
        explicit view(const segment_index& of) noexcept
            : slots_(of.slots_ == nullptr ? &no_member : of.slots_),
              mask_(of.slots_ == nullptr ? 0 : of.slots() - 1), segment_shift_(of.segment_shift_) {}

        // O(1) expected.
        CENOTE_ALWAYS_INLINE bool contains(std::uintptr_t base) const noexcept {
            std::size_t i = (base >> segment_shift_) & mask_;
            if (slots_[i] == base) [[likely]]
                return base != 0;
            for (; slots_[i] != 0; i = (i + 1) & mask_)
                if (slots_[i] == base) return true;
            return false;
        }

    private:
        static constexpr std::uintptr_t no_member = 0;
        const std::uintptr_t* slots_;
        std::size_t mask_;
        unsigned segment_shift_;
    };
    view members() const noexcept { return view{*this}; }

    // Makes room for one more. False, and nothing changed, when the source refuses.
    template <memory_source Source>
    bool reserve_one(Source& source) noexcept {
        if (slots_ != nullptr && (std::size_t{count_} + 1) * 2 <= slots()) return true;
        const std::size_t larger = slots_ == nullptr ? first_slots : slots() * 2;
        auto* const table =
            static_cast<std::uintptr_t*>(source.allocate(larger * sizeof(std::uintptr_t), cache_line));
        if (table == nullptr) return false;
        zero_n(table, larger);
        segment_index old{std::move(*this)};
        slots_ = table;
        slots_log2_ = static_cast<std::uint8_t>(std::countr_zero(larger));
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
        if (slots_ != nullptr) zero_n(slots_, slots());
        count_ = 0;
    }

    template <memory_source Source>
    void free_table(Source& source) noexcept {
        if (slots_ != nullptr) source.deallocate(slots_, table_bytes(), cache_line);
        slots_ = nullptr;
        count_ = 0;
    }

    constexpr std::size_t segment_bytes() const noexcept { return std::size_t{1} << segment_shift_; }
    bool empty() const noexcept { return count_ == 0; }
    std::size_t table_bytes() const noexcept {
        return slots_ == nullptr ? 0 : slots() * sizeof(std::uintptr_t);
    }

private:
    static constexpr std::size_t first_slots = 64;

    std::size_t slots() const noexcept { return std::size_t{1} << slots_log2_; }

    // Segments mostly lie side by side, so their numbers are the best hash there is.
    std::size_t slot_of(std::uintptr_t base) const noexcept {
        return (base >> segment_shift_) & (slots() - 1);
    }

    std::uintptr_t* slots_ = nullptr;
    std::uint32_t count_ = 0;
    std::uint8_t slots_log2_ = 0;
    std::uint8_t segment_shift_;
};

} // namespace cenote::detail
