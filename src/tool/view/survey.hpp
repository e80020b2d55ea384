// Layer: tool. A first reading of a trace: what has to be known before it can be divided into columns and squares.
#pragma once

#include "../trace/reader.hpp"
#include "address_ranges.hpp"

#include <cstdint>
#include <functional>

namespace cenote::tool {

// Called now and then, with how far reading is: 0 to 1.
using read_progress = std::function<void(double)>;

struct trace_survey {
    std::uint64_t events = 0;
    std::uint64_t last_time = 0;       // nanoseconds
    std::uint64_t most_live = 0;       // bytes
    std::uint64_t most_live_event = 0; // after how many events that is first so
    address_ranges small;              // where blocks of up to 64 KiB lay
    address_ranges all;
};

// To the trace's end.
trace_survey survey(trace_reader& trace, const read_progress& progress);

} // namespace cenote::tool
