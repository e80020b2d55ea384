// The suite `pools`: one thread, equal blocks. See bench/README.md.
#include "micro/pools.hpp"

#include "micro/pools_subjects.hpp"
#include "support/environment.hpp"
#include "support/machine.hpp"
#include "support/options.hpp"
#include "support/report.hpp"

#include <cstdlib>
#include <exception>
#include <iostream>

namespace {

using json = nlohmann::ordered_json;

json versions() {
    json all = bench::describe_toolchain();
    bench::for_each_subject(bench::pools_subjects{}, [&]<class Family>() {
        const bench::facts f = Family::describe();
        all[std::string(Family::name)] = {{"version", f.version}, {"options", f.options}};
    });
    return all;
}

json method(const bench::options& chosen) {
    return {{"suite", "pools"},
            {"quick", chosen.quick},
            {"ratios_of", "ns_min"},
            {"limit_of_memory", "the size of the block"},
            {"clock", "steady_clock around a call of many operations; ticks around each operation in W7, "
                      "less the median of an empty interval"}};
}

int run(const bench::options& chosen) {
    bench::require_malloc_of_the_c_library();
    if (!chosen.json_file.empty()) bench::require_writable(chosen.json_file);

    bench::report report;
    report.machine = bench::describe_machine();
    report.versions = versions();
    report.method = method(chosen);

    std::vector<bench::measurement> all;
    bench::add_one_block(all);
    bench::add_fill_and_drain(all);
    bench::add_replace(all);
    bench::add_list_walk(all);
    bench::add_tail(all);
    bench::add_resident(all);
    bench::results found = bench::run(all, chosen, std::cerr);
    if (found.rows.empty() && found.complete)
        throw std::runtime_error("--filter matches no workload of this run");

    report.targets = bench::pools_targets(found.rows);
    report.rows = std::move(found.rows);
    report.skipped = std::move(found.skipped);
    bench::print(std::cout, report);
    if (!chosen.json_file.empty()) bench::write_json(chosen.json_file, report);
    return found.complete ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

int main(int argc, char** argv) {
    const bench::options chosen =
        bench::parse_options(argc, argv, "Cenote's pools and their peers, one thread, equal blocks");
    try {
        return run(chosen);
    } catch (const std::exception& error) {
        std::cerr << "cenote_bench_pools: " << error.what() << "\n";
        return EXIT_FAILURE;
    }
}
