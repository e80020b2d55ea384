// The suite `worst`: what was measured, and how it is reported.
#pragma once

#include "support/rows.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bench::worst {

// Ticks of each call.
struct series {
    std::vector<std::uint32_t> all;   // of all rounds, one after the other
    std::vector<std::uint32_t> least; // of each call over the rounds
};
struct timings {
    std::string subject;
    origin from;
    series creates;
    series destroys;
};

// create/p50 to create/max, a sample for each round; create/least/p50 to create/least/max, one sample; the same of destroys.
// `clock`: what it takes itself, ticks.
void add_rows(std::vector<row>& to, const timings& of, std::size_t rounds, std::size_t size, double clock);

// The tables. Sorts the series.
void print(std::span<timings> all, double clock);

} // namespace bench::worst
