// Layer: tool. How many blocks each class's magazines should hold, for how a program takes and gives. Played with magazines as the heap has
// them (src/heap/heap_core.cpp): they begin small, grow fourfold at the second exchange, and exchange an eighth, or a quarter between threads.
#pragma once

#include "../trace/reader.hpp"
#include "class_choice.hpp"

#include <cstdint>
#include <vector>

namespace cenote::tool {

struct magazine_use {
    std::uint64_t calls = 0; // that a magazine may serve
    std::uint64_t exchanges = 0;
    std::uint32_t limit = 0; // blocks
};

struct magazine_choice {
    std::vector<magazine_use> now;  // by place among the usual classes, as the heap has them
    std::vector<magazine_use> then; // by place among the chosen ones
};

// Reads the trace from its beginning.
magazine_choice choose_magazines(trace_reader& trace, const demand& of, const class_sizes& chosen);

} // namespace cenote::tool
