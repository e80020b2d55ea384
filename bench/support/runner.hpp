// Runs the measurements: google-benchmark repeats and shuffles them, each group in a process of its own.
//
//     measurement     one workload at one block size: all subjects interleaved, in one forked child, or one for each visit
//       visit         one subject is constructed, warmed up with discarded calls, timed, destroyed
//         call        one execution of the workload, a fraction of a millisecond to some seconds long
//
// The child makes a measurement independent of what ran before it: mallocs cannot be destroyed, and what one
// workload left in their caches would be the next one's head start. It also returns all memory.
#pragma once

#include "support/options.hpp"
#include "support/rows.hpp"

#include <algorithm>
#include <array>
#include <benchmark/benchmark.h>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace bench {

struct plan {
    int visits;
    int calls;     // timed ones in each visit
    int discarded; // before them
};

// The samples of each row of a measurement.
using sample_table = std::vector<std::vector<double>>;

// Handed to a workload, which constructs its subject and then leaves the repeating to it.
class visit {
public:
    visit(benchmark::State& state, int discarded, sample_table& samples) noexcept
        : state_(state), discarded_(discarded), samples_(samples) {}

    // `call()` executes the workload once and returns its sample, or an array with one for each row.
    template <class Call>
    void repeat(Call&& call) {
        for (int i = 0; i < discarded_; ++i)
            call();
        for (auto _ : state_) {
            const auto figures = as_array(call());
            for (std::size_t i = 0; i < figures.size(); ++i)
                samples_.at(i).push_back(figures[i]);
            state_.SetIterationTime(figures.front() * 1e-9);
        }
    }

private:
    static std::array<double, 1> as_array(double figure) { return {figure}; }
    template <std::size_t N>
    static const std::array<double, N>& as_array(const std::array<double, N>& figures) {
        return figures;
    }

    benchmark::State& state_;
    int discarded_;
    sample_table& samples_;
};

struct contender {
    std::string subject;
    origin from = origin::peer;
    std::function<void(visit&)> measure;
};

struct measurement {
    std::vector<std::string> workloads; // names of its rows: several where one call gives several figures
    std::size_t size = 0;               // of a block, bytes; 0: of many sizes
    unit counts = unit::nanoseconds;
    bool apart = false; // each visit in a process of its own, the subjects in turn
    plan full{};
    std::optional<plan> quick; // none: left out of a quick run
    std::vector<contender> contenders;
    std::vector<skipped_row> skipped;
};

struct results {
    std::vector<row> rows;
    std::vector<skipped_row> skipped;
    bool complete = true; // false: a measurement died
};

// Runs what the options want, with a line of progress for each, and sets the ratios.
results run(const std::vector<measurement>& all, const options& chosen, std::ostream& progress);

} // namespace bench
