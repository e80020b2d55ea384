// `cenote run`: a program on Cenote's malloc, by the library that counts what it does.
#include "../process/child.hpp"
#include "../process/libraries.hpp"
#include "../process/program_file.hpp"
#include "../support/scratch_folder.hpp"
#include "../support/streams.hpp"
#include "command.hpp"
#include "program_line.hpp"
#include "run_report.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cenote::tool {

namespace {

struct run_options {
    bool json = false;
    std::string output;
};

// Returns when the program has ended and the report is written.
ending run_and_report(const run_options& options, std::vector<std::string> words) {
    start_options start;
    start.file = find_program(words.front());
    require_preloadable(inspect_program(start.file));
    start.arguments = words;
    start.variables = environment::inherited();
    start.variables.preload(find_library(counting_malloc_library));
    const scratch_folder counts;
    start.variables.set("CENOTE_COUNTS", counts.path());
    result_file report(options.output, STDERR_FILENO);

    run_result result{.words = std::move(words), .how = {}, .counts = {}};
    child program(std::move(start));
    result.how = program.wait();
    result.counts = read_counts(counts.path());
    report.write(options.json
                     ? run_json(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                     : run_text(result));
    report.close();
    return result.how;
}

std::function<int()> prepare_run(CLI::App& line) {
    take_program(line);
    const auto options = std::make_shared<run_options>();
    line.add_flag("--json", options->json, "the report as JSON");
    line.add_option("-o,--output", options->output, "file for the report (default: stderr; - for stdout)");
    return [&line, options] { return end_like(run_and_report(*options, program_of(line))); };
}

} // namespace

extern const command run_command{"run", "runs a program on Cenote's malloc, and says what it did",
                                 prepare_run};

} // namespace cenote::tool
