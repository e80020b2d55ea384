// Layer: pool. Which memory of malloc's stands in for which block, under AddressSanitizer; see pool/stand_in.hpp.
//
//     table_  [ key | value ] [ key | value ] ...     of each pair two: block -> stand-in, stand-in -> block
//
// One table for all pools and heaps. All pointers in it are complemented,
// so that LeakSanitizer does not take them for pointers: what nobody else points to is leaked.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/os/address_table.hpp"
#include "cenote/os/lock.hpp"
#include "cenote/pool/early_forks.hpp"
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
        if (table_.make_room(2)) {
            if (find(block) != nullptr) fail_with("block %p is handed out twice", block);
            table_.insert({~address_of(block), ~address_of(made)});
            table_.insert({~address_of(made), ~address_of(block)});
            return made;
        }
        std::free(made);
        return nullptr;
    }

    // What stands in for a block, and what it stands in for; nullptr where there is neither. O(1).
    void* other(const void* block_or_stand_in) const noexcept {
        const locked_scope hold{shared_pools.tables};
        const entry* const found = find(block_or_stand_in);
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
        entry* const found = find(stand_in);
        if (found == nullptr) return nullptr;
        void* const block = pointer_to(~found->value);
        table_.erase(found);
        table_.erase(find(block));
        return block;
    }

    struct entry {
        std::uintptr_t key = 0; // complemented, as is the value; 0: none
        std::uintptr_t value = 0;
    };

    static void* pointer_to(std::uintptr_t address) noexcept { return reinterpret_cast<void*>(address); }
    entry* find(const void* p) const noexcept { return table_.find(~address_of(p)); }

    // The stand-in of the next block that is one, from slot `i` on.
    template <class Predicate>
    void* next_from(std::size_t& i, Predicate& is_one) const noexcept {
        for (;; ++i) {
            std::uintptr_t key = 0;
            std::uintptr_t value = 0;
            {
                const locked_scope hold{shared_pools.tables};
                const entry* const at = table_.begin() + i;
                if (at >= table_.end()) return nullptr;
                if (at->key == 0) continue;
                key = ~at->key;
                value = ~at->value;
            }
            if (is_one(pointer_to(key))) return pointer_to(value);
        }
    }

    address_table<entry, &entry::key> table_;
};

inline constinit stand_in_table stand_ins;

} // namespace cenote::detail
