// Layer: heap. Blocks too large for a segment: each a reservation of its own, with a cache of those that were freed.
//
// The cache is bounded: in number, and in bytes by half of what is live (at least 32 MiB). A block is taken from it
// where one fits within a quarter; failing that, the largest of those that are too small is made larger, which
// moves page table entries and no contents. Mappings begin at multiples of a unit, so that the segment map knows them.
//
// Every function takes the lock.
#pragma once

#include "heap_lock.hpp"
#include "low_water.hpp"
#include "record_list.hpp"
#include "segment_map.hpp"
#include "supply.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cenote::detail {

class mapping_store {
public:
    constexpr mapping_store(segment_map& map, supply& from) noexcept : map_(map), from_(from) {}
    ~mapping_store() = default;
    mapping_store(const mapping_store&) = delete;
    mapping_store& operator=(const mapping_store&) = delete;

    struct taken_mapping {
        void* base = nullptr;  // nullptr: refused
        std::size_t bytes = 0; // as asked, or more
        std::size_t dirty = 0; // only this many bytes, from the first on, may be something else than zero
    };

    // O(cache), and of live mappings O(log n) and moved records.
    taken_mapping take(std::size_t bytes, std::size_t alignment) noexcept;
    // Returns the mapping's bytes; 0 where none starts at `base` (any more).
    std::size_t give(void* base) noexcept;
    // As give's return.
    std::size_t bytes_of(const void* base) const noexcept;
    // The mapping becomes one of `bytes`, in place or at another address, by the page tables alone. No base, and nothing
    // changed, where that cannot be. O(log n).
    taken_mapping resize(void* base, std::size_t bytes) noexcept;
    // The mapping loses its end, and keeps `bytes`. Returns how many went: 0 where none, or the source takes no part back.
    std::size_t shrink(void* base, std::size_t bytes) noexcept;

    // Gives all that is cached back, and sets a new mark. Returns bytes.
    std::size_t purge() noexcept;
    // As many bytes, or more, as were cached at every moment since the last mark, oldest first; all if none were taken.
    // Sets a new mark.
    std::size_t purge_idle() noexcept;
    void mark() noexcept;

    // Freed, but resident. Relaxed: a figure of some moment.
    std::size_t cached_bytes() const noexcept { return cached_bytes_.load(std::memory_order_relaxed); }
    std::size_t live_bytes() const noexcept { return live_bytes_; } // needs the lock
    std::size_t live() const noexcept { return live_.size(); }      // mappings; needs the lock

    // Needs a heap that nobody uses any more.
    void release_all() noexcept;

    bool valid() const noexcept;

    mutable heap_lock lock;

private:
    struct record {
        std::uintptr_t base;
        std::size_t bytes;
        std::size_t alignment;
        std::size_t dirty;
    };
    static constexpr std::size_t max_cached = 32;
    static constexpr std::size_t least_cache = 32_MiB;

    std::size_t cache_limit() const noexcept;
    bool take_cached(std::size_t bytes, std::size_t alignment, record& out) noexcept;
    bool enlarge(record& r, std::size_t bytes) noexcept;
    taken_mapping hand_out(const record& r) noexcept;
    void drop_cached(std::size_t i) noexcept;
    record forget_cached(std::size_t i) noexcept;

    segment_map& map_;
    supply& from_;
    record_list<record> live_;
    record cache_[max_cached] = {}; // the first cached_, oldest first
    std::size_t cached_ = 0;
    std::atomic<std::size_t> cached_bytes_{0}; // written under the lock
    low_water water_;                          // of these
    std::size_t live_bytes_ = 0;
};

} // namespace cenote::detail
