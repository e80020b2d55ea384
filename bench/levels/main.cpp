// cenote_bench_levels [--json FILE] [--quick] [--filter REGEX]: what checks cost. Each workload at the three levels in turn,
// round after round; printed is the shortest time of the processors for a pair at each level, as a ratio to that without
// checks.
#include "levels.hpp"

#include "support/machine.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/run_record.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace bench::levels;

constexpr std::array<const char*, level_count> level_names{"none", "cheap", "full"};

double nanoseconds_a_pair(const workload& w, std::size_t pairs) {
    const std::clock_t begin = std::clock(); // of the processors
    const std::size_t done = w.go(pairs);
    return 1e9 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC / static_cast<double>(done);
}

std::array<std::vector<double>, level_count> measure(const std::array<const workload*, level_count>& of_level,
                                                     bool quick) {
    std::array<std::vector<double>, level_count> found;
    const std::size_t shorter = quick ? 50 : 1;
    for (int round = 0; round < (quick ? 2 : 9); ++round) {
        for (std::size_t level = 0; level != level_count; ++level) {
            const workload& w = *of_level[level];
            // Full checks take some hundred times as long.
            const std::size_t part = (level == 2 ? 50 : 4) * shorter;
            found[level].push_back(nanoseconds_a_pair(w, std::max<std::size_t>(w.pairs / part, 1)));
        }
    }
    return found;
}

int run(const bench::options& chosen) {
    if (!chosen.json_file.empty()) bench::require_writable(chosen.json_file);
    bench::report report;
    report.versions = bench::describe_toolchain();
    for (const char* name : level_names)
        report.versions[name] = {{"version", BENCH_CENOTE_VERSION},
                                 {"options", std::string("CENOTE_CHECKS=") + name}};
    report.method = {{"suite", "levels"},
                     {"quick", chosen.quick},
                     {"ratios_of", "ns_min"},
                     {"clock", "clock(), time of the processors, around a call of many pairs"}};
    const bench::run_record record{report};

    std::printf("%-28s %10s %8s %8s\n", "", "none, ns", "cheap", "full");
    for (std::size_t i = 0; i != workload_count; ++i) {
        const std::array of_level{workloads<0>() + i, workloads<1>() + i, workloads<2>() + i};
        if (!chosen.wants(of_level[0]->name)) continue;
        const auto found = measure(of_level, chosen.quick);
        for (std::size_t level = 0; level != level_count; ++level) {
            bench::row r{bench::spread_of(found[level])};
            r.workload = of_level[level]->name;
            r.size = object_size;
            r.subject = level_names[level];
            r.from = level == 0 ? bench::origin::limit : bench::origin::ours;
            report.rows.push_back(std::move(r));
        }
        const bench::row* const rows = report.rows.data() + report.rows.size() - level_count;
        std::printf("%-28s %10.2f %8.2f %8.1f\n", of_level[0]->name, rows[0].min, rows[1].min / rows[0].min,
                    rows[2].min / rows[0].min);
        std::fflush(stdout);
    }
    if (report.rows.empty()) throw std::runtime_error("--filter matches no workload of this run");
    bench::set_ratios(report.rows);
    record.finish(report);
    if (!chosen.json_file.empty()) bench::write_json(chosen.json_file, report);
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
    const bench::options chosen = bench::parse_options(
        argc, argv, "What a create and a destroy of a pool cost at each level of CENOTE_CHECKS");
    try {
        return run(chosen);
    } catch (const std::exception& error) {
        std::cerr << "cenote_bench_levels: " << error.what() << "\n";
        return EXIT_FAILURE;
    }
}
