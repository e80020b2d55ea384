// Layer: heap. What a heap tells about itself.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cenote {

// A heap at one moment; bytes where nothing else is said.
struct heap_stats {
    std::size_t live = 0;          // handed out, in whole blocks
    std::size_t in_magazines = 0;  // free, next in line of a thread, or in a depot between threads
    std::size_t free = 0;          // free in slabs that were used before
    std::size_t held = 0;          // address space taken from the OS or the source
    std::size_t most_held = 0;     // the most that held ever was
    std::size_t limit = 0;         // the most that held may become
    std::size_t large_live = 0;    // part of live: blocks of whole units
    std::size_t mapping_live = 0;  // part of live: mappings
    std::size_t mappings = 0;      // of those, a number
    std::size_t mapping_cache = 0; // freed mappings, kept
    std::size_t caches = 0;        // threads that have magazines
    std::size_t guarded_live = 0;  // part of live: blocks between guards, in bytes as asked for
    std::uint64_t guarded = 0;     // blocks that were ever put between guards; a number
};

// One size class at one moment; blocks where nothing else is said.
struct size_class_stats {
    std::size_t block_size = 0;   // bytes
    std::size_t live = 0;         // handed out
    std::size_t in_magazines = 0; // free, next in line of a thread, or in a depot between threads
    std::size_t capacity = 0;     // handed out or free
    std::size_t slabs = 0;        // that were ever used; a number
    std::uint64_t refills = 0;    // times that blocks went to a magazine
    std::uint64_t flushes = 0;    // times that blocks came back from one
};

} // namespace cenote
