// Layer: override. The file in which the counting replacement keeps its counts: one for each program that runs in a process,
// shared with whoever reads it, so that nothing is lost when the program is killed.
//
//     +-------------+-----------------+-----------------+--- ...
//     | file_header | thread_counts 0 | thread_counts 1 |           sparse: a thread's page is there from its first call on
//     +-------------+-----------------+-----------------+--- ...
//
// A page of counts is written by the thread that has it and by nobody else, so that counting needs no atomic
// read-modify-write. It is never emptied: the next thread that gets it goes on from there, and the sum over all pages is the
// count of the program. Reader and writer are of one build: `layout` says whether they are.
#pragma once

#include "cenote/heap/size_class.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cenote::detail::counting {

inline constexpr std::size_t kinds = last_class + 1; // by size class; at 0 what is larger
inline constexpr std::size_t most_threads = 4096;    // with counts of their own at a time

// All are relaxed throughout: figures, read when the writer is gone, or of some moment. Zero to begin with.
using counter = std::atomic<std::uint64_t>;
static_assert(counter::is_always_lock_free);

// For the one who writes.
inline void add(counter& to, std::uint64_t what) noexcept {
    to.store(to.load(std::memory_order_relaxed) + what, std::memory_order_relaxed);
}
inline std::uint64_t value(const counter& of) noexcept { return of.load(std::memory_order_relaxed); }

struct kind_counts {
    counter allocated; // blocks; reallocated ones are freed, and allocated again
    counter freed;
    counter requested; // bytes that were asked for
};

// Of one in `timed_every` calls in the mean, the time that the heap took.
struct call_times {
    counter calls;       // timed ones
    counter interrupted; // that were to be timed, but the thread lost its processor meanwhile: left out
    counter nanoseconds;
    std::atomic<double> squares; // of nanoseconds
};
inline constexpr std::uint32_t timed_every = 64;

struct thread_fields {
    kind_counts of[kinds];
    counter large_given;    // bytes of blocks above the size classes
    counter large_returned; // of those that were freed
    counter reallocations;
    counter in_place; // of those, that left the block where it was
    counter refused;  // requests
    call_times allocating;
    call_times freeing;
    call_times reallocating;

    // The thread's own.
    std::int64_t unpublished; // bytes, not yet in file_header::live
    std::uint32_t until_timed;
    std::uint32_t random;
};
struct alignas(4096) thread_counts : thread_fields {};

// What the heap says of itself; bytes.
struct heap_figures {
    std::uint64_t live, in_magazines, free, held, most_held, mapping_cache, caches;
};
struct class_figures {
    std::uint64_t in_magazines, capacity, slabs, refills, flushes;
};

struct header_fields {
    static constexpr std::uint64_t right_magic = 0x746e756f63746e63; // "cntcount"

    std::uint64_t magic;
    std::uint64_t layout; // right_layout
    std::uint32_t process;
    std::uint32_t parent;
    std::uint32_t is_forked;               // 1: began as a copy of its parent, with what was live there
    std::atomic<std::uint32_t> has_ended;  // 1: by exit(), or from main
    std::atomic<std::uint32_t> has_failed; // 1: ended by a report of the library's, which is in `said`
    std::atomic<std::uint32_t> threads;    // pages that were ever used
    counter uncounted_threads;             // for which there was no page
    char program[256];                     // its file; ends with a zero
    char said[256]; // the last line that the library wrote to stderr, of those that begin with its name

    std::atomic<std::int64_t> live; // bytes in blocks, to within `publish_step` for each thread
    std::atomic<std::int64_t> most_live;
    std::atomic<double>
        clock_cost; // nanoseconds between two looks at the clock, of which no time is the heap's

    // Live when this process was forked.
    std::uint64_t inherited[kinds];
    std::uint64_t inherited_large; // bytes

    std::uint32_t block_sizes[kinds]; // of the size classes

    // As seen by snapshots: the last, and the one with the most live.
    counter snapshots;
    heap_figures last;
    heap_figures at_most_live;
    class_figures classes[kinds];
};
struct alignas(4096) file_header : header_fields {};
inline constexpr std::int64_t publish_step = 16'384;
// Of what is in the pages, not of the pages, which have room for more: every new figure is another layout.
inline constexpr std::uint64_t right_layout =
    (std::uint64_t{sizeof(header_fields)} << 32) | (sizeof(thread_fields) << 8) | kinds;
static_assert(sizeof(thread_fields) < (std::uint64_t{1} << 24) && kinds < 256);

inline constexpr std::size_t file_bytes = sizeof(file_header) + most_threads * sizeof(thread_counts);

} // namespace cenote::detail::counting
