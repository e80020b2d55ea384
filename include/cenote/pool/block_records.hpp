// Layer: pool. What full checks keep of each block beside it: whether it is live, and who created and destroyed what is or was
// in it.
//
//     table_  [ block | created, destroyed, state ] ...     of one pool
//
// All pools with records are in one list, so that a pool that is given another's block can say whose it is.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/base/error.hpp"
#include "cenote/os/address_table.hpp"
#include "cenote/os/lock.hpp"
#include "cenote/os/stack_store.hpp"
#include "cenote/pool/early_forks.hpp"
#include "cenote/pool/registry.hpp"

#include <cstddef>
#include <cstdint>

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
        table_.take(other.table_);
        if (other.pool_ != nullptr) join(pool, other.identify_);
        other.leave();
    }
    block_records(const block_records&) = delete;
    block_records& operator=(const block_records&) = delete;
    ~block_records() {
        const locked_scope hold{shared_pools.tables};
        leave();
        table_.release();
    }

    // Takes the record of a free block out; one of no block where there is none.
    block_record take(const void* block) noexcept {
        const locked_scope hold{shared_pools.tables};
        block_record* const at = table_.find(address_of(block));
        if (at == nullptr) return {};
        const block_record found = *at;
        table_.erase(at);
        return found;
    }

    // A block is live now. Without memory for the table there is no record of it.
    void put_live(const void* block, trace_id created, const void* pool, identify how) noexcept {
        const locked_scope hold{shared_pools.tables};
        if (pool_ == nullptr) join(pool, how);
        if (!table_.make_room(1)) return;
        table_.insert({.block = address_of(block), .created = created, .is_live = 1});
    }

    // It is free, and filled.
    void put_free(const void* block, trace_id destroyed) noexcept {
        const locked_scope hold{shared_pools.tables};
        block_record* const at = table_.find(address_of(block));
        if (at == nullptr) return;
        at->destroyed = destroyed & 0x3FFF'FFFF;
        at->is_live = 0;
        at->is_filled = giving_back_ != 0 ? 0 : 1;
    }

    block_record find(const void* block) const noexcept {
        const locked_scope hold{shared_pools.tables};
        const block_record* const at = table_.find(address_of(block));
        return at == nullptr ? block_record{} : *at;
    }

    // While pages of free blocks go back, what is in them is nobody's.
    void begin_giving_back() noexcept {
        const locked_scope hold{shared_pools.tables};
        ++giving_back_;
        for (block_record& each : table_)
            each.is_filled = 0;
    }
    void end_giving_back() noexcept {
        const locked_scope hold{shared_pools.tables};
        --giving_back_;
    }

    void clear() noexcept {
        const locked_scope hold{shared_pools.tables};
        table_.release();
    }

    // Calls visit(record) for each until one returns false; visit must take no lock. Whether all returned true.
    template <class Visitor>
    bool all_of(Visitor&& visit) const noexcept {
        const locked_scope hold{shared_pools.tables};
        for (const block_record& each : table_)
            if (each.block != 0 && !visit(each)) return false;
        return true;
    }

    // Calls visit(identity, record) where `block` is one of any pool with records, first byte or not known.
    template <class Visitor>
    static void with_owner_of(const void* block, Visitor&& visit) noexcept {
        const locked_scope hold{shared_pools.tables};
        for (const block_records* r = first(); r != nullptr; r = r->next_)
            if (const block_record* const at = r->table_.find(address_of(block)))
                return visit(r->identify_(r->pool_), *at);
    }

private:
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

    address_table<block_record, &block_record::block> table_;
    std::uint32_t giving_back_ = 0; // calls that do so now
    const void* pool_ = nullptr;    // nullptr: not in the list
    identify identify_ = nullptr;
    block_records* next_ = nullptr;
    block_records* previous_ = nullptr;
};

} // namespace cenote::detail
