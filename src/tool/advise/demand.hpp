// Layer: tool. What a program asks for, as its trace says: of each size how often, and how much of it lives at the peak and on average.
#pragma once

#include "../trace/reader.hpp"
#include "size_steps.hpp"

#include <array>
#include <cstdint>

namespace cenote::tool {

struct step_demand {
    std::uint64_t requests = 0;
    std::uint64_t requested = 0;  // bytes
    std::uint64_t at_peak = 0;    // live objects, when most bytes were live
    std::uint64_t peak_bytes = 0; // that were asked for
    double on_average = 0;        // live objects, over the time of the trace
    double average_bytes = 0;
    bool is_aligned = false; // some of them at a multiple of more than 16
};

struct demand {
    std::array<step_demand, size_steps> of{}; // by number; 0 is unused
    step_demand larger;                       // than the largest class
    std::uint64_t frees = 0;
    std::uint64_t most_live = 0; // bytes that were asked for
    std::uint64_t nanoseconds = 0;
    std::uint32_t threads = 0; // that allocated or freed

    std::uint64_t requests() const noexcept;
};

// Reads the trace twice, and leaves it at its end.
demand read_demand(trace_reader& trace);

} // namespace cenote::tool
