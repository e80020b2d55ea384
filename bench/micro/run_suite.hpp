// The main function of a suite: describes its subjects, runs its measurements, prints and writes what was found.
#pragma once

#include "peers/subject.hpp"
#include "support/environment.hpp"
#include "support/machine.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/run_record.hpp"
#include "support/runner.hpp"
#include "support/targets.hpp"

#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

struct suite {
    std::string name;
    std::string description;
    std::string clock;
    std::vector<measurement> (*measurements)();
    std::vector<target> (*targets)(const std::vector<row>& rows);
};

template <class Subjects>
nlohmann::ordered_json versions_of(Subjects subjects) {
    nlohmann::ordered_json all = describe_toolchain();
    for_each_subject(subjects, [&]<class Family>() {
        const facts f = Family::describe();
        all[std::string(Family::name)] = {{"version", f.version}, {"options", f.options}};
    });
    return all;
}

template <class Subjects>
int run(const suite& of, Subjects subjects, const options& chosen) {
    require_malloc_of_the_c_library();
    if (!chosen.json_file.empty()) require_writable(chosen.json_file);

    report report;
    report.versions = versions_of(subjects);
    report.method = {{"suite", of.name},
                     {"quick", chosen.quick},
                     {"ratios_of", "ns_min"},
                     {"limit_of_memory", "the size of the block"},
                     {"clock", of.clock}};
    const run_record record{report};

    results found = run(of.measurements(), chosen, std::cerr);
    if (found.rows.empty() && found.complete)
        throw std::runtime_error("--filter matches no workload of this run");

    record.finish(report);
    report.targets = of.targets(found.rows);
    report.rows = std::move(found.rows);
    report.skipped = std::move(found.skipped);
    print(std::cout, report);
    if (!chosen.json_file.empty()) write_json(chosen.json_file, report);
    return found.complete ? EXIT_SUCCESS : EXIT_FAILURE;
}

template <class Subjects>
int run_suite(const suite& of, Subjects subjects, int argc, char** argv) {
    const options chosen = parse_options(argc, argv, of.description);
    try {
        return run(of, subjects, chosen);
    } catch (const std::exception& error) {
        std::cerr << "cenote_bench_" << of.name << ": " << error.what() << "\n";
        return EXIT_FAILURE;
    }
}

} // namespace bench
