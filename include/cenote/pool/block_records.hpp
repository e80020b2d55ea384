// Layer: pool. What full checks keep of each block beside it: whether it is live, and who created and destroyed what is or was
// in it.
//
//     slots_  [ block | created, destroyed, state ] ...     of one pool: open-addressed, at most half full
//
// All pools with records are in one list, so that a pool that is given another's block can say whose it is.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/base/error.hpp"
#include "cenote/base/units.hpp"
#include "cenote/os/lock.hpp"
#include "cenote/os/stack_store.hpp"
#include "cenote/os/vm.hpp"
#include "cenote/pool/registry.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace cenote::detail {

struct block_record {
    std::uintptr_t block = 0; // 0: none
    trace_id created = no_trace;
    std::uint32_t destroyed : 30 = no_trace; // a trace_id: there are never so many
    std::uint32_t is_live : 1 = 0;
    std::uint32_t is_filled : 1 = 0; // free, and every byte as the pool left it
};

// Thread-safe: under the registry's lock `tables`, which forks take.
class block_records {
public:
    // Says what `pool` is.
    using identify = pool_identity (*)(const void* pool) noexcept;

    constexpr block_records() noexcept = default;
    // `pool` was moved as well.
    void move_from(block_records& other, const void* pool) noexcept {
        const locked_scope hold{shared_pools.tables};
        slots_ = std::exchange(other.slots_, nullptr);
        slots_count_ = std::exchange(other.slots_count_, 0);
        used_ = std::exchange(other.used_, 0);
        if (other.pool_ != nullptr) join(pool, other.identify_);
        other.leave();
    }
    block_records(const block_records&) = delete;
    block_records& operator=(const block_records&) = delete;
    ~block_records() {
        const locked_scope hold{shared_pools.tables};
        leave();
        free_slots();
    }

    // Takes the record of a free block out; one of no block where there is none.
    block_record take(const void* block) noexcept {
        const locked_scope hold{shared_pools.tables};
        block_record* const at = slot_of(block);
        if (at == nullptr) return {};
        const block_record found = *at;
        erase(at);
        return found;
    }

    // A block is live now. Without memory for the table there is no record of it.
    void put_live(const void* block, trace_id created, const void* pool, identify how) noexcept {
        const locked_scope hold{shared_pools.tables};
        if (pool_ == nullptr) join(pool, how);
        if (!has_room()) return;
        insert({.block = address_of(block), .created = created, .is_live = 1});
        ++used_;
    }

    // It is free, and filled.
    void put_free(const void* block, trace_id destroyed) noexcept {
        const locked_scope hold{shared_pools.tables};
        block_record* const at = slot_of(block);
        if (at == nullptr) return;
        at->destroyed = destroyed & 0x3FFF'FFFF;
        at->is_live = 0;
        at->is_filled = giving_back_ != 0 ? 0 : 1;
    }

    block_record find(const void* block) const noexcept {
        const locked_scope hold{shared_pools.tables};
        const block_record* const at = slot_of(block);
        return at == nullptr ? block_record{} : *at;
    }

    // While pages of free blocks go back, what is in them is nobody's.
    void begin_giving_back() noexcept {
        const locked_scope hold{shared_pools.tables};
        ++giving_back_;
        for (std::size_t i = 0; i != slots_count_; ++i)
            slots_[i].is_filled = 0;
    }
    void end_giving_back() noexcept {
        const locked_scope hold{shared_pools.tables};
        --giving_back_;
    }

    void clear() noexcept {
        const locked_scope hold{shared_pools.tables};
        free_slots();
    }

    // Calls visit(record) for each until one returns false; visit must take no lock. Whether all returned true.
    template <class Visitor>
    bool all_of(Visitor&& visit) const noexcept {
        const locked_scope hold{shared_pools.tables};
        for (std::size_t i = 0; i != slots_count_; ++i)
            if (slots_[i].block != 0 && !visit(slots_[i])) return false;
        return true;
    }

    // Calls visit(identity, record) where `block` is one of any pool with records, first byte or not known.
    template <class Visitor>
    static void with_owner_of(const void* block, Visitor&& visit) noexcept {
        const locked_scope hold{shared_pools.tables};
        for (const block_records* r = first(); r != nullptr; r = r->next_)
            if (const block_record* const at = r->slot_of(block)) return visit(r->identify_(r->pool_), *at);
    }

private:
    static constexpr std::size_t first_slots = 256;

    static block_records*& first() noexcept {
        static constinit block_records* list = nullptr;
        return list;
    }
    void join(const void* pool, identify how) noexcept {
        pool_ = pool;
        identify_ = how;
        next_ = first();
        previous_ = nullptr;
        if (next_ != nullptr) next_->previous_ = this;
        first() = this;
    }
    void leave() noexcept {
        if (pool_ == nullptr) return;
        (previous_ == nullptr ? first() : previous_->next_) = next_;
        if (next_ != nullptr) next_->previous_ = previous_;
        pool_ = nullptr;
    }

    std::size_t wanted(std::uintptr_t address) const noexcept {
        return static_cast<std::size_t>((address * 0x9E37'79B9'7F4A'7C15) >> 20) & (slots_count_ - 1);
    }
    block_record* slot_of(const void* block) const noexcept {
        if (slots_ == nullptr) return nullptr;
        const std::uintptr_t address = address_of(block);
        for (std::size_t i = wanted(address);; i = (i + 1) & (slots_count_ - 1)) {
            if (slots_[i].block == address) return &slots_[i];
            if (slots_[i].block == 0) return nullptr;
        }
    }
    void insert(const block_record& record) noexcept {
        std::size_t i = wanted(record.block);
        while (slots_[i].block != 0)
            i = (i + 1) & (slots_count_ - 1);
        slots_[i] = record;
    }
    // Those behind it move up where a search would else stop before them.
    void erase(block_record* at) noexcept {
        auto hole = static_cast<std::size_t>(at - slots_);
        for (std::size_t i = (hole + 1) & (slots_count_ - 1); slots_[i].block != 0;
             i = (i + 1) & (slots_count_ - 1)) {
            const std::size_t from = wanted(slots_[i].block);
            if (((i - from) & (slots_count_ - 1)) < ((i - hole) & (slots_count_ - 1))) continue;
            slots_[hole] = slots_[i];
            hole = i;
        }
        slots_[hole] = {};
        --used_;
    }
    bool has_room() noexcept {
        if (slots_ != nullptr && (used_ + 1) * 2 <= slots_count_) return true;
        const std::size_t larger = slots_ == nullptr ? first_slots : slots_count_ * 2;
        auto* const made = static_cast<block_record*>(vm::map_anywhere(larger * sizeof(block_record)));
        if (made == nullptr) return false;
        block_record* const old = std::exchange(slots_, made);
        const std::size_t old_count = std::exchange(slots_count_, larger);
        for (std::size_t i = 0; old != nullptr && i != old_count; ++i)
            if (old[i].block != 0) insert(old[i]);
        if (old != nullptr) vm::release(old, old_count * sizeof(block_record));
        return true;
    }
    void free_slots() noexcept {
        if (slots_ != nullptr) vm::release(slots_, slots_count_ * sizeof(block_record));
        slots_ = nullptr;
        slots_count_ = used_ = 0;
    }

    block_record* slots_ = nullptr;
    std::size_t slots_count_ = 0; // a power of two
    std::size_t used_ = 0;
    std::uint32_t giving_back_ = 0; // calls that do so now
    const void* pool_ = nullptr;    // nullptr: not in the list
    identify identify_ = nullptr;
    block_records* next_ = nullptr;
    block_records* previous_ = nullptr;
};

// Forks take the records' lock from before main on. Not a variable that is initialised: that of an inline one needs the C++
// runtime, which libcenote.so does without.
[[gnu::constructor]] static void let_forks_know_block_records() noexcept {
    const locked_scope hold{shared_pools.members};
    shared_pools.handle_forks();
}

} // namespace cenote::detail
