// Layer: tool. What a page shows of a trace: all of it in columns, groups and squares, so that it is as small for ten million events as
// for a thousand.
#pragma once

#include "../trace/reader.hpp"
#include "lifetimes.hpp"
#include "measures.hpp"
#include "memory_map.hpp"
#include "size_groups.hpp"
#include "stack_names.hpp"
#include "survey.hpp"
#include "time_scale.hpp"

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace cenote::tool {

// The state at a column's end, in that with the peak at the peak; and what happened in it.
struct view_column {
    memory_map::occupancy state;
    std::uint64_t most_live = 0;   // bytes
    std::uint64_t allocations = 0; // in it
    std::array<std::uint64_t, size_groups> live_by_group{};
};

// What is live of a call site, from a column on until the site's next change.
struct site_change {
    std::uint32_t column;
    double live; // bytes
};

struct view_size {
    std::uint64_t requests = 0;
    std::uint64_t ended = 0; // of those, freed
    double lifetimes = 0;    // of those, together, ns
    std::uint64_t live = 0;  // blocks; at last: at the end
    std::uint64_t most_live = 0;
};

struct trace_summary {
    trace_summary(trace_survey first, std::uint64_t page_bytes);

    trace_survey survey;
    time_scale times;
    memory_map map;
    stack_names names;
    std::vector<measures> by_stack; // as names.stacks()
    std::vector<view_column> columns;
    std::vector<std::vector<site_change>> live_by_site; // as names.sites(), in the order of the columns
    lifetimes lived;
    std::unordered_map<std::uint64_t, view_size> sizes; // by bytes asked for
    std::size_t most_live_column = 0;
    std::vector<std::size_t> moments; // of the map: the columns that they are of
    std::uint64_t allocations = 0;
    std::uint64_t reallocs = 0; // of those
    std::uint64_t frees = 0;
    std::uint64_t failed = 0;
    std::uint64_t unknown_frees = 0; // of blocks from before the trace
    std::uint64_t threads = 0;
    std::uint64_t stacks_drawn = 0;
    std::uint64_t bytes = 0;       // asked for, all together
    std::uint64_t left_blocks = 0; // live at the end
    std::uint64_t left_bytes = 0;
};

// Reads the trace twice.
trace_summary summarize(trace_reader& trace, const read_progress& progress);

} // namespace cenote::tool
