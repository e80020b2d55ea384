// Layer: heap. Shared segments of 64 units: size classes get their slabs' memory here, and large blocks are ranges of
// units.
//
//     segment, 4 MiB, aligned to its size            one record each, kept apart, by address
//     +------+------+------+-- ... --+------+        free    bit u: unit u is free
//     | unit | unit | unit |         | unit |        dirty   bit u: unit u may hold something else than zeroes
//     +------+------+------+-- ... --+------+        loose   bit u: unit u is free, and may be resident
//                                                    longest the most free units side by side
//
// The lowest address that fits is taken, so that what is used gathers in few segments; a range may reach from one segment
// into the next, where they are neighbours. Freed units stay resident until they are purged; segments that are free as
// a whole then go back to where they came from.
//
// Every function takes the lock; a size class may hold its own meanwhile.
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

inline constexpr std::size_t units_per_segment = 64;
inline constexpr std::size_t shared_segment_bytes = units_per_segment * unit;
static_assert(units_per_segment == word_bits, "a word of bits describes a segment");

class unit_store {
public:
    constexpr unit_store(segment_map& map, supply& from) noexcept : map_(map), from_(from) {}
    ~unit_store() = default;
    unit_store(const unit_store&) = delete;
    unit_store& operator=(const unit_store&) = delete;

    struct taken_units {
        void* base = nullptr;    // nullptr: refused
        std::uint64_t dirty = 0; // bit i: unit i of these may hold something else than zeroes
    };

    // `units` side by side, from 1 to 64, the first at a multiple of `alignment` units (a power of two up to 64). The
    // map has `first` for the first one, `rest` for the others. O(segments).
    taken_units take(std::size_t units, std::size_t alignment, unit_kind first, unit_kind rest) noexcept;
    // Units that were taken together, or a tail of them.
    void give(void* base, std::size_t units) noexcept;
    // A large block, whole: returns its units, 0 where none starts at `base` (any more).
    std::size_t give_large(void* base) noexcept;
    // Takes the `more` units behind the `units` of a large block, if they are free: false if not. Whether those hold
    // something else than zeroes does not matter.
    bool extend(void* base, std::size_t units, std::size_t more) noexcept;

    // Frees the OS pages of free units, and gives back segments that are free as a whole; sets a new mark.
    // Returns bytes. O(segments).
    std::size_t purge() noexcept;
    // The same of as many as were resident and free at every moment since the last mark, or all if none were taken, and of
    // as many bytes more, the highest first.
    std::size_t purge_idle(std::size_t more = 0) noexcept;
    void mark() noexcept;

    // Free, but resident. Relaxed: a figure of some moment.
    std::size_t loose_bytes() const noexcept { return loose_units() * unit; }
    std::size_t large_bytes() const noexcept; // of large blocks. Needs the lock

    // Needs a heap that nobody uses any more.
    void release_all() noexcept;

    // Walks everything and says whether the invariants at the top hold.
    bool valid() const noexcept;

    mutable heap_lock lock;

private:
    struct record {
        std::uintptr_t base;
        std::uint64_t free;
        std::uint64_t dirty; // of free units only; all that is loose is dirty
        std::uint64_t loose;
        std::uint64_t longest;
    };

    // Calls visit(record, first unit, units) for what lies in each segment.
    template <class Visit>
    void for_each_piece(std::uintptr_t first, std::size_t units, Visit visit) noexcept;

    std::uintptr_t find_range(std::size_t units, std::size_t alignment) const noexcept;
    bool is_free(std::uintptr_t first, std::size_t units) const noexcept;
    bool add_segment() noexcept;
    std::uint64_t take_range(std::uintptr_t first, std::size_t units, unit_kind kind,
                             unit_kind rest) noexcept;
    void give_range(std::uintptr_t first, std::size_t units) noexcept;
    std::size_t purge(std::size_t most) noexcept;
    std::size_t purge_units(record& r, std::size_t& most) noexcept;
    std::size_t all_units() const noexcept { return records_.size() * units_per_segment; }
    std::size_t loose_units() const noexcept { return loose_units_.load(std::memory_order_relaxed); }
    void add_loose(std::ptrdiff_t units) noexcept;

    segment_map& map_;
    supply& from_;
    record_list<record> records_;
    std::atomic<std::size_t> loose_units_{0}; // written under the lock
    low_water water_;                         // of these
};

} // namespace cenote::detail
