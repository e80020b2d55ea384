// The suite `pools`: what its files give each other. bench/README.md defines the workloads.
#pragma once

#include "support/runner.hpp"
#include "support/targets.hpp"

#include <vector>

namespace bench {

// Each appends its measurements, all block sizes of one workload together.
void add_one_block(std::vector<measurement>& to);      // W1
void add_fill_and_drain(std::vector<measurement>& to); // W2
void add_replace(std::vector<measurement>& to);        // W3, W3b
void add_list_walk(std::vector<measurement>& to);      // W6
void add_tail(std::vector<measurement>& to);           // W7, W7b
void add_resident(std::vector<measurement>& to);       // memory

// The figures that object_pool is to reach, as measured.
std::vector<target> pools_targets(const std::vector<row>& rows);

} // namespace bench
