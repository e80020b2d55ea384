// Layer: tool. The size classes that waste least for what a program asks for.
#pragma once

#include "demand.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cenote::tool {

// Ascending; the last is the largest that there may be.
using class_sizes = std::vector<std::uint32_t>;

// Those that the heap has by itself, of those that malloc uses.
class_sizes usual_classes();

// Waste is weighed half as it is at the peak and half as it is on average, against what a class in use costs. No two
// neighbours are more than a quarter apart, and there are all powers of two from 64 on, for what was not asked for in this run. At most `most`.
class_sizes choose_classes(const demand& of, std::size_t most);

// The place of the class that serves each step.
std::array<std::uint16_t, size_steps> classes_of_steps(const class_sizes& classes);

struct waste_figures {
    // Bytes within blocks, and at the ends of slabs, beyond what was asked for.
    double at_peak = 0;
    double on_average = 0;
    std::size_t used = 0;  // classes that anything was asked of
    double of_classes = 0; // bytes that these take for being in use
};
waste_figures waste_of(const class_sizes& classes, const demand& of);

} // namespace cenote::tool
