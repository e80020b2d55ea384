// cenote_bench_levels [ROUNDS]: what checks cost. Each workload at the three levels in turn, round after round; printed is the
// shortest time of the processors for a pair at each level, as a ratio to that without checks.
#include "levels.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>

namespace {

using namespace bench::levels;

double nanoseconds_a_pair(const workload& w, std::size_t pairs) {
    const std::clock_t begin = std::clock(); // of the processors
    w.go(pairs);
    return 1e9 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC / static_cast<double>(pairs);
}

} // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 9;
    const workload* const of_level[level_count] = {workloads<0>(), workloads<1>(), workloads<2>()};
    std::printf("%-28s %10s %8s %8s\n", "", "none, ns", "cheap", "full");
    for (std::size_t i = 0; i != workload_count; ++i) {
        std::array<double, level_count> best;
        best.fill(std::numeric_limits<double>::infinity());
        for (int round = 0; round < rounds; ++round)
            for (int level = 0; level != level_count; ++level) {
                const workload& w = of_level[level][i];
                // Full checks take some hundred times as long.
                best[static_cast<std::size_t>(level)] = std::min(
                    best[static_cast<std::size_t>(level)],
                    nanoseconds_a_pair(w, std::max<std::size_t>(level == 2 ? w.pairs / 50 : w.pairs / 4, 1)));
            }
        std::printf("%-28s %10.2f %8.2f %8.1f\n", of_level[0][i].name, best[0], best[1] / best[0],
                    best[2] / best[0]);
        std::fflush(stdout);
    }
}
