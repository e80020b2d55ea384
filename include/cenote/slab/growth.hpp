// Layer: slab. How a pool grows: from what size, in what steps, to what limit.
#pragma once

#include "cenote/base/units.hpp"

#include <cstddef>

namespace cenote {

// The growth policy of a pool. The limit is in objects and exact; the steps are in bytes and rounded as the source
// and the block size need.
//
//     object_pool<order> a;                                     // no limit, grows in steps
//     object_pool<order> b{growth::up_to(10'000)};              // grows in steps, never beyond 10,000 objects
//     object_pool<order> c{growth::fixed(10'000)};              // takes room for 10,000 at its first use, no more ever
//     object_pool<order> d{growth::unlimited().steps(16_KiB, 1_MiB)};
//     object_pool<order> e{growth{.name = "orders"}};           // or growth::fixed(10'000).named("orders")
//
// Nothing is taken before the first object or `preheat`. The first segment has `first_bytes` (at most 64 slabs, and
// 1 GiB), every later one `segment_bytes`, rounded down to a power of two and held between 2 and 64 slabs. A source with
// a bound of its own (`buffer_source`) gives its first 64 slabs in one piece, and what it has beyond in segments of a
// sixteenth of it. Where a source has less than is asked for, pools take less, and ask again when that is used up.
struct growth {
    // What max_objects is where there is none.
    static constexpr std::size_t no_limit = static_cast<std::size_t>(-1);

    std::size_t max_objects = no_limit; // the most that the pool may hold
    std::size_t first_bytes = 64_KiB;   // taken from the source first
    std::size_t segment_bytes = 4_MiB;  // taken later, each time
    bool at_once = false; // take the room for max_objects in one go; fails where that is beyond any memory
    const char* name = nullptr; // in messages and reports; see named()

    // As in the example above.
    static constexpr growth unlimited() noexcept { return {}; }
    static constexpr growth up_to(std::size_t objects) noexcept { return {.max_objects = objects}; }
    static constexpr growth fixed(std::size_t objects) noexcept {
        return {.max_objects = objects, .at_once = true};
    }

    // The same, for a pool of that name. It stands in what is said about the pool, and its figures are in the reports of
    // cenote/pool_reports.hpp from its first use on. The text (up to 95 bytes are used) outlives that first use. Names need
    // not differ. An exchange of a magazine takes some 20 ns more; all else as much as without a name.
    constexpr growth named(const char* text) const noexcept {
        growth g = *this;
        g.name = text;
        return g;
    }

    // The same, in steps of so many bytes.
    constexpr growth steps(std::size_t first, std::size_t later) const noexcept {
        growth g = *this;
        g.first_bytes = first;
        g.segment_bytes = later;
        return g;
    }
};

namespace detail {
// More than any address space holds: bytes that no pool ever asks a source for.
inline constexpr std::size_t max_pool_bytes = std::size_t{1} << 47;
} // namespace detail

} // namespace cenote
