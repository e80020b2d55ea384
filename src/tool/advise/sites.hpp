// Layer: tool. Where a program allocates, and what becomes of the objects: which call sites a pool of one type or an arena would serve.
// By the allocations that have a stack; each stands for as many as its chance says (docs/trace-format.md).
#pragma once

#include "../trace/reader.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace cenote::tool {

struct call_site_use {
    // pool: objects of one size; arena: that die together, by the thread that made them
    enum class advice { none, pool, arena };

    std::string place;
    double objects = 0; // estimates
    double bytes = 0;
    std::uint64_t samples = 0;

    std::uint64_t size = 0;   // that most have
    double share_of_size = 0; // of the objects

    std::uint64_t died = 0;      // samples
    std::uint64_t deaths = 0;    // runs of frees without an allocation of the site between them
    std::uint64_t elsewhere = 0; // samples that another thread freed
    double lifetime = 0;         // nanoseconds, the mean of those that died

    advice what = advice::none;
    double together = 0; // objects that die at a time, of an arena's; 0: they live to the end
};

// Sites that are worth advice first, then by objects. Reads the trace from its beginning. None without stacks.
std::vector<call_site_use> read_call_sites(trace_reader& trace);

} // namespace cenote::tool
