#include "support/options.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace bench {

bool options::wants(const std::string& workload) const {
    return !workloads || std::regex_search(workload, *workloads);
}

options parse_options(int argc, char** argv, const std::string& description, bool filters) {
    options chosen;
    std::string pattern;
    CLI::App app{description};
    app.add_option("--json", chosen.json_file, "Write machine, versions, rows and targets to this file")
        ->type_name("FILE");
    app.add_flag("--quick", chosen.quick,
                 "A minute at most: fewer repetitions, the longest measurements left out");
    if (filters) {
        app.add_option("--filter", pattern, "Only workloads whose name matches (ECMAScript), e.g. '^W3'")
            ->type_name("REGEX");
    }
    try {
        app.parse(argc, argv);
        if (!pattern.empty()) chosen.workloads.emplace(pattern);
    } catch (const CLI::ParseError& error) {
        // Also how --help ends, with 0. CLI11 has a code of its own for every mistake; ours is the shell's
        // for all.
        std::exit(app.exit(error) == 0 ? EXIT_SUCCESS : 2);
    } catch (const std::regex_error&) {
        app.exit(CLI::ValidationError("--filter", "'" + pattern + "' is no regular expression"));
        std::exit(2);
    }
    return chosen;
}

} // namespace bench
