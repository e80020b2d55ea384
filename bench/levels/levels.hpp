// Workloads at each level of checks, in one program; see workloads.cpp.
#pragma once

#include <cstddef>

namespace bench::levels {

struct workload {
    const char* name;
    std::size_t (*go)(
        std::size_t pairs); // of a create and a destroy; returns how many it did, at least so many
    std::size_t pairs;      // in a round without checks
};

inline constexpr std::size_t workload_count = 6;
inline constexpr std::size_t level_count = 3;
inline constexpr std::size_t object_size = 64; // bytes

// All of them, at a level: an array of workload_count.
template <int Level>
const workload* workloads();

template <>
const workload* workloads<0>();
template <>
const workload* workloads<1>();
template <>
const workload* workloads<2>();

} // namespace bench::levels
