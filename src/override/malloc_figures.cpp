// Layer: override. What glibc's malloc tells of itself, as far as its figures have a meaning here.
#include "blocks.hpp"
#include "table.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

using namespace cenote::detail;

namespace {

struct mallinfo2 figures() noexcept {
    const cenote::heap_stats s = stats_of_blocks();
    struct mallinfo2 m {};
    // As glibc has it: mappings are counted apart from all else.
    m.arena = s.held - std::min(s.held, s.mapping_live); // bytes in segments, and in mappings that wait
    m.hblks = s.mappings;
    m.hblkhd = s.mapping_live;
    m.uordblks = s.live - std::min(s.live, s.mapping_live);
    m.fordblks = s.in_magazines + s.free + s.mapping_cache;
    m.keepcost = s.free + s.mapping_cache;
    m.fsmblks = s.in_magazines;
    m.usmblks = s.most_held;
    return m;
}

} // namespace

extern "C" {

CENOTE_EXPORT struct mallinfo2 mallinfo2(void) { return figures(); }

// Its figures are ints: they stop at INT_MAX.
CENOTE_EXPORT struct mallinfo mallinfo(void) {
    const auto capped = [](std::size_t bytes) {
        return static_cast<int>(std::min<std::size_t>(bytes, INT_MAX));
    };
    const struct mallinfo2 m = figures();
    struct mallinfo small {};
    small.arena = capped(m.arena);
    small.hblks = capped(m.hblks);
    small.hblkhd = capped(m.hblkhd);
    small.uordblks = capped(m.uordblks);
    small.fordblks = capped(m.fordblks);
    small.keepcost = capped(m.keepcost);
    small.fsmblks = capped(m.fsmblks);
    small.usmblks = capped(m.usmblks);
    return small;
}

// Our own table: what CENOTE_STATS prints at the end.
CENOTE_EXPORT void malloc_stats(void) {
    const errno_kept kept;
    print_table(STDERR_FILENO);
}

// Accepted, so that programs that tune glibc go on; nothing is tuned. (Ours are in the environment: CENOTE_….)
CENOTE_EXPORT int mallopt(int, int) { return 1; }

// The shape of glibc's, version 1: a heap with the sizes that are in use, and totals.
CENOTE_EXPORT int malloc_info(int options, FILE* to) {
    if (options != 0) {
        errno = EINVAL;
        return -1;
    }
    std::fprintf(to, "<malloc version=\"1\">\n<heap nr=\"0\">\n<sizes>\n");
    for (size_class c = 1; c <= last_class; ++c) {
        const cenote::size_class_stats s = stats_of_blocks(c);
        if (s.capacity == 0) continue;
        std::fprintf(to, "<size from=\"%zu\" to=\"%zu\" total=\"%zu\" count=\"%zu\"/>\n",
                     layout.size(c - 1) + 1, s.block_size, (s.capacity - s.live) * s.block_size,
                     s.capacity - s.live);
    }
    const cenote::heap_stats s = stats_of_blocks();
    std::fprintf(to,
                 "</sizes>\n</heap>\n"
                 "<total type=\"fast\" count=\"0\" size=\"%zu\"/>\n"
                 "<total type=\"rest\" count=\"0\" size=\"%zu\"/>\n"
                 "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n"
                 "<system type=\"current\" size=\"%zu\"/>\n<system type=\"max\" size=\"%zu\"/>\n"
                 "<aspace type=\"total\" size=\"%zu\"/>\n</malloc>\n",
                 s.in_magazines, s.free, s.mappings, s.mapping_live, s.held, s.most_held, s.held);
    return 0;
}

} // extern "C"
