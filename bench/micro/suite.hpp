// How a workload becomes measurements: one for each block size, with every subject that can take part.
#pragma once

#include "peers/subject.hpp"
#include "support/runner.hpp"

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace bench {

// What a workload asks of its subjects.
struct demands {
    std::size_t live_at_frees;    // objects alive when one is freed; 0 where none is
    bool single_frees = true;     // objects must be freed one by one
    bool written = false;         // each object is written to when it is made
    bool frees_elsewhere = false; // threads free what others allocated
    bool sized_frees = false;     // frees are told the size
};

// How a workload is run at the block sizes in it.
struct schedule {
    plan full{};
    std::optional<plan> quick;
    bool apart = false;
    unit counts = unit::nanoseconds;
};

// Appends the measurement of `workload.operator()<Family, T>(visit&)` with objects of type `T`; rows say that they have
// `size` bytes. `workload` is copied into the measurement.
template <class T, demands Asks, class Subjects, class Workload>
void add_measurement_with(std::vector<measurement>& to, Subjects subjects, std::vector<std::string> names,
                          std::size_t size, const schedule& how, Workload workload) {
    measurement m;
    m.workloads = std::move(names);
    m.size = size;
    m.counts = how.counts;
    m.apart = how.apart;
    m.full = how.full;
    m.quick = how.quick;
    const auto leave_out = [&m, size](std::string_view subject, const char* reason) {
        for (const auto& name : m.workloads)
            m.skipped.push_back({name, size, std::string(subject), reason});
    };
    for_each_subject(subjects, [&]<class Family>() {
        if constexpr (Asks.single_frees && !Family::is.frees_singly) {
            leave_out(Family::name, "frees all at once");
        } else if constexpr (Asks.frees_elsewhere && !Family::is.frees_elsewhere) {
            leave_out(Family::name, "each thread has its own");
        } else if constexpr (Asks.sized_frees && !frees_sized<Family>) {
            leave_out(Family::name, "no free is told the size");
        } else if constexpr (Asks.live_at_frees > Family::is.largest_live) {
            leave_out(Family::name,
                      "a free takes time linear in the free blocks: this workload would take hours");
        } else {
            m.contenders.push_back({std::string(Family::name), Family::is.from,
                                    [workload](visit& v) { workload.template operator()<Family, T>(v); }});
        }
    });
    to.push_back(std::move(m));
}

// The same with objects of `Size` bytes.
template <std::size_t Size, demands Asks, class Subjects, class Workload>
void add_measurement(std::vector<measurement>& to, Subjects subjects, std::vector<std::string> names,
                     const schedule& how, Workload workload) {
    using element = std::conditional_t<Asks.written, object<Size>, untouched_object<Size>>;
    add_measurement_with<element, Asks>(to, subjects, std::move(names), Size, how, std::move(workload));
}

// An array that lives as long as the process that measures, so that no subject finds it between its blocks.
// Always the same one for a type: a measurement uses one length.
template <class T>
T* scratch(std::size_t length) {
    static std::vector<T> array;
    if (array.size() < length) array.resize(length);
    return array.data();
}

} // namespace bench
