// Layer: pool. Which memory of malloc's stands in for which block, under AddressSanitizer; see pool/stand_in.hpp.
//
//     slots_  [ key | value ] [ key | value ] ...     of each pair two: block -> stand-in, stand-in -> block
//
// One open-addressed table for all pools and heaps, at most half full, with linear probing. All pointers in it are complemented,
// so that LeakSanitizer does not take them for pointers: what nobody else points to is leaked.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/base/units.hpp"
#include "cenote/os/lock.hpp"
#include "cenote/os/vm.hpp"
#include "cenote/pool/registry.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace cenote::detail {

// Constant-initialised, never destroyed. Thread-safe: under the registry's lock `tables`, which forks take, and under which
// nothing else is locked.
class stand_in_table {
public:
    constexpr stand_in_table() noexcept = default;

    // Memory of malloc's for `block`, which has none yet. nullptr where there is no memory. O(1) amortised.
    void* make(const void* block, std::size_t bytes, std::size_t alignment) noexcept {
        void* made = nullptr;
        if (::posix_memalign(&made, alignment < sizeof(void*) ? sizeof(void*) : alignment, bytes) != 0)
            return nullptr;
        const locked_scope hold{shared_pools.tables};
        if (has_room_for_two()) {
            if (find(address_of(block)) != nullptr) fail_with("block %p is handed out twice", block);
            insert(address_of(block), address_of(made));
            insert(address_of(made), address_of(block));
            return made;
        }
        std::free(made);
        return nullptr;
    }

    // What stands in for a block, and what it stands in for; nullptr where there is neither. O(1).
    void* other(const void* block_or_stand_in) const noexcept {
        const locked_scope hold{shared_pools.tables};
        const slot* const found = find(address_of(block_or_stand_in));
        return found == nullptr ? nullptr : pointer_to(~found->value);
    }

    // Frees a stand-in, and returns its block; nullptr where there is no such stand-in. O(1).
    void* retire(void* stand_in) noexcept {
        void* const block = remove(stand_in);
        if (block != nullptr) std::free(stand_in);
        return block;
    }

    // Forgets, and frees, all whose block answers true. O(pairs).
    template <class Predicate>
    void free_where(Predicate&& is_one) noexcept {
        for (bool found = true; found;) {
            found = false;
            for (std::size_t i = 0; void* const stand_in = next_from(i, is_one);) {
                retire(stand_in); // which may move others to where they have been looked for
                found = true;
            }
        }
    }

private:
    // Forgets the pair, and returns the block.
    void* remove(const void* stand_in) noexcept {
        const locked_scope hold{shared_pools.tables};
        slot* const found = find(address_of(stand_in));
        if (found == nullptr) return nullptr;
        const std::uintptr_t block = ~found->value;
        erase(found);
        erase(find(block));
        return pointer_to(block);
    }

    struct slot {
        std::uintptr_t key = 0; // 0: none
        std::uintptr_t value = 0;
    };
    static constexpr std::size_t first_slots = 8_KiB;

    static void* pointer_to(std::uintptr_t address) noexcept { return reinterpret_cast<void*>(address); }
    std::size_t slot_of(std::uintptr_t address) const noexcept {
        return static_cast<std::size_t>((address * 0x9E37'79B9'7F4A'7C15) >> 20) & (slots_count_ - 1);
    }

    slot* find(std::uintptr_t address) const noexcept {
        if (slots_ == nullptr) return nullptr;
        for (std::size_t i = slot_of(address);; i = (i + 1) & (slots_count_ - 1)) {
            if (slots_[i].key == ~address) return &slots_[i];
            if (slots_[i].key == 0) return nullptr;
        }
    }
    void insert(std::uintptr_t address, std::uintptr_t value) noexcept {
        std::size_t i = slot_of(address);
        while (slots_[i].key != 0)
            i = (i + 1) & (slots_count_ - 1);
        slots_[i] = {~address, ~value};
        ++used_;
    }
    // Those behind it move up where a search would else stop before them.
    void erase(slot* at) noexcept {
        auto hole = static_cast<std::size_t>(at - slots_);
        for (std::size_t i = (hole + 1) & (slots_count_ - 1); slots_[i].key != 0;
             i = (i + 1) & (slots_count_ - 1)) {
            const std::size_t wanted = slot_of(~slots_[i].key);
            if (((i - wanted) & (slots_count_ - 1)) < ((i - hole) & (slots_count_ - 1))) continue;
            slots_[hole] = slots_[i];
            hole = i;
        }
        slots_[hole] = {};
        --used_;
    }

    bool has_room_for_two() noexcept {
        if (slots_ != nullptr && (used_ + 2) * 2 <= slots_count_) return true;
        const std::size_t larger = slots_ == nullptr ? first_slots : slots_count_ * 2;
        auto* const made = static_cast<slot*>(vm::map_anywhere(larger * sizeof(slot)));
        if (made == nullptr) return false;
        slot* const old = std::exchange(slots_, made);
        const std::size_t old_count = std::exchange(slots_count_, larger);
        used_ = 0;
        for (std::size_t i = 0; old != nullptr && i != old_count; ++i)
            if (old[i].key != 0) insert(~old[i].key, ~old[i].value);
        if (old != nullptr) vm::release(old, old_count * sizeof(slot));
        return true;
    }

    // The stand-in of the next block that is one, from slot `i` on.
    template <class Predicate>
    void* next_from(std::size_t& i, Predicate& is_one) const noexcept {
        for (;; ++i) {
            std::uintptr_t key = 0;
            std::uintptr_t value = 0;
            {
                const locked_scope hold{shared_pools.tables};
                if (i >= slots_count_) return nullptr;
                if (slots_[i].key == 0) continue;
                key = ~slots_[i].key;
                value = ~slots_[i].value;
            }
            if (is_one(pointer_to(key))) return pointer_to(value);
        }
    }

    slot* slots_ = nullptr;
    std::size_t slots_count_ = 0; // a power of two
    std::size_t used_ = 0;
};

inline constinit stand_in_table stand_ins;

// Forks take the table's lock from before main on.
inline const bool forks_know_stand_ins = [] {
    const locked_scope hold{shared_pools.members};
    shared_pools.handle_forks();
    return true;
}();

} // namespace cenote::detail
