// Layer: pool. What a named pool tells about itself while it works, readable by any thread at any time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cenote {

// One pool, as of the last exchange between its magazines and its slabs (or growth, trim, reset): all figures of one report
// are of one moment. What was created and destroyed since then came from magazines and is not in it, so of a pool for one
// thread `live` is off by less than one magazine, at most 1,024 blocks. Of a pool that threads share, what waits in
// their magazines counts as live: `live` is too high by at most what they hold. With full checks there are no
// magazines, and everything is exact. A pool's stats(), asked by who may call it, are exact at any time.
//
// Blocks, where nothing else is said. Of an arena and of a whole heap a block is a byte.
struct pool_report {
    char name[96] = {};   // cut off where it is longer
    char kind[24] = {};   // "object_pool", "cached_pool", "pool_family", ...; of heaps "heap", "size_class"
    std::uint64_t id = 0; // of this pool alone, as names may be the same; counts from 1; of a heap 0
    std::size_t block_size = 0; // bytes
    std::size_t live = 0;       // handed out; see above
    std::size_t peak = 0;       // the most that live was at any exchange
    std::size_t capacity = 0;   // handed out or free in memory that the pool holds
    std::size_t limit = 0;      // the most that capacity may become; growth::no_limit: none
    std::size_t opened = 0;     // ever handed out, of capacity: what may be resident
    std::size_t bytes = 0;      // taken from the source, all included
    std::size_t peak_bytes = 0; // the high-water mark of that
    std::size_t segments = 0;   // pieces taken from the source
    std::size_t slabs = 0;      // with at least one block that was ever handed out
    std::uint64_t refused = 0;  // requests that failed: at the limit, or as the source refused
    std::uint64_t refills = 0;  // times that blocks went to a magazine
    std::uint64_t flushes = 0;  // times that blocks came back from one

    // The share of the opened blocks that is not live, 0 to 1: what lies between objects, and could be given back only in part.
    double fragmentation() const noexcept {
        return live >= opened ? 0.0 : 1.0 - static_cast<double>(live) / static_cast<double>(opened);
    }
};

namespace detail {

// What heaps and their size classes know beyond that; of pools, whose magazines are each thread's own, 0.
struct heap_report : pool_report {
    std::size_t in_magazines = 0; // free, next in line of a thread; part of live
    std::size_t threads = 0;      // that have magazines
};

// What a pool tells of itself: fields of a report.
struct pool_state {
    std::size_t block_size;
    std::size_t live;
    std::size_t capacity;
    std::size_t limit;
    std::size_t bytes;
    std::size_t opened;
    std::size_t segments;
    std::size_t slabs;
};

// What a pool was asked for when it tells.
enum class asked : std::uint8_t {
    refill, // and had
    flush,  // and took
    other,  // preheat, trim, reset
    refused // anything, and had not
};

} // namespace detail
} // namespace cenote
