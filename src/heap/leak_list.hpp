// Layer: heap. The allocations of a heap that were drawn for the report of leaks, and are live: where, and for how many bytes
// each stands, with the stack that allocated it.
//
//     filter    64 KiB of counts, by address: free asks here first, and nearly always only here
//     table     the records, behind a lock
//
// Both are made with the first record. What there is no memory for is not recorded.
#pragma once

#include "heap_lock.hpp"

#include "cenote/base/bits.hpp"
#include "cenote/base/units.hpp"
#include "cenote/os/address_table.hpp"
#include "cenote/os/stack_store.hpp"
#include "cenote/os/vm.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cenote::detail {

struct leak_record {
    std::uintptr_t base = 0; // 0: none
    std::size_t bytes = 0;   // of the block
    std::size_t weight = 0;  // bytes that it stands for
    trace_id stack = no_trace;
};

class leak_list {
public:
    constexpr leak_list() noexcept = default;
    ~leak_list() = default; // the process heap's memory stays; others call release_all()
    leak_list(const leak_list&) = delete;
    leak_list& operator=(const leak_list&) = delete;

    // The block at `base` has no record yet. O(1) but for growth.
    void add(const leak_record& r) noexcept;
    // Of any block, whether it has a record or not. O(1).
    void remove(const void* p) noexcept {
        // Acquire: pairs with add(). Who frees a block that has a record got to know its address after that was made.
        const std::atomic<std::uint8_t>* const filter = filter_.load(std::memory_order_acquire);
        if (filter == nullptr ||
            filter[table::hash(address_of(p)) % filter_bytes].load(std::memory_order_relaxed) == 0)
            return;
        remove_record(address_of(p));
    }

    // All records go.
    void clear() noexcept;

    std::size_t size() const noexcept { return table_.size(); } // records; needs the lock
    // Each record, in no order; needs the lock.
    template <class Visit>
    void for_each(Visit visit) const noexcept {
        for (const leak_record& each : table_)
            if (each.base != 0) visit(each);
    }
    bool valid() const noexcept;

    // Needs a heap that nobody uses any more.
    void release_all() noexcept;

    mutable heap_lock lock;

private:
    static constexpr std::size_t filter_bytes = 64_KiB;
    using table = address_table<leak_record, &leak_record::base>;

    bool make_room() noexcept;
    CENOTE_COLD void remove_record(std::uintptr_t base) noexcept;

    std::atomic<std::atomic<std::uint8_t>*> filter_{nullptr};
    table table_;
};

} // namespace cenote::detail
