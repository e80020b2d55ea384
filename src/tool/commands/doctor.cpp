// `cenote doctor`: whether the replacement is what a program calls, and what stands in its way.
#include "../inspect/after_run.hpp"
#include "../inspect/before_start.hpp"
#include "../process/libraries.hpp"
#include "../support/failure.hpp"
#include "../support/streams.hpp"
#include "../support/text.hpp"
#include "command.hpp"
#include "number_check.hpp"
#include "program_line.hpp"
#include "run_report.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <nlohmann/json.hpp>

namespace cenote::tool {

namespace {

struct doctor_options {
    double seconds = 0;
    bool hardened = false;
    bool shows = false;
    bool json = false;
    std::string output;
};

struct diagnosis {
    std::vector<std::string> words;
    finding_list found;
    std::optional<ending> how; // where it was run
};

diagnosis diagnose(const doctor_options& options, std::vector<std::string> words) {
    diagnosis result;
    const std::string file = find_program(words.front());
    const std::string library =
        find_library(options.hardened ? hardened_malloc_library : counting_malloc_library);
    result.words = std::move(words);
    const program_file program = inspect_program(file);
    if (!look_at_program(program, result.found)) return result;

    start_options start;
    start.file = file;
    start.arguments = result.words;
    start.variables = environment::inherited();
    start.variables.preload(library);
    const search_scope scope = scope_of(program, start.variables);
    look_at_scope(program, scope, library, result.found);
    const std::string profile = look_at_profile(start.variables, result.found);
    const observed_run run =
        observe(std::move(start), library, options.seconds, options.shows, !options.hardened);
    if (run.how.interrupted != 0)
        throw failure(static_cast<exit_code>(128 + run.how.interrupted), "interrupted");
    look_at_run(run, scope, library, profile, result.found);
    result.how = run.how;
    return result;
}

std::string doctor_text(const diagnosis& of) {
    std::string text = "cenote doctor: " + command_text(of.words) +
                       (of.how ? ": " + of.how->text() : ": was not run") + "\n";
    for (const finding& each : of.found.all()) {
        const char* const head = each.how == gravity::finding ? "FINDING  "
                                 : each.how == gravity::note  ? "note     "
                                                              : "fine     ";
        text += head + each.text + "\n";
        if (!each.remedy.empty()) text += "         what to do: " + each.remedy + "\n";
    }
    return text + (of.found.findings() == 0 ? "nothing stands in the way\n"
                                            : with_commas(of.found.findings()) + " to look at\n");
}

nlohmann::ordered_json doctor_json(const diagnosis& of) {
    nlohmann::ordered_json result;
    result["command"] = of.words;
    if (of.how)
        result["program"] = ending_json(*of.how);
    else
        result["program"] = nullptr;
    result["findings"] = of.found.findings();
    result["all"] = nlohmann::ordered_json::array();
    for (const finding& each : of.found.all())
        result["all"].push_back({{"gravity", each.how == gravity::finding ? "finding"
                                             : each.how == gravity::note  ? "note"
                                                                          : "fine"},
                                 {"what", each.what},
                                 {"text", each.text},
                                 {"remedy", each.remedy}});
    return result;
}

int run_doctor(const doctor_options& options, std::vector<std::string> words) {
    result_file report(options.output, STDOUT_FILENO);
    const diagnosis result = diagnose(options, std::move(words));
    report.write(options.json
                     ? doctor_json(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                           "\n"
                     : doctor_text(result));
    report.close();
    return result.found.findings() == 0 ? exit_fine : exit_finding;
}

std::function<int()> prepare_doctor(CLI::App& line) {
    take_program(line);
    const auto options = std::make_shared<doctor_options>();
    line.add_option("--for", options->seconds,
                    "seconds after which the program is told to end, for servers; 0: never")
        ->check(number_between(0, 1e9))
        ->capture_default_str();
    line.add_flag("--hardened", options->hardened,
                  "with the library that finds more wrong uses of memory, sooner");
    line.add_flag("--show", options->shows, "show on stderr what the program writes");
    line.add_flag("--json", options->json, "the report as JSON");
    line.add_option("-o,--output", options->output, "file for the report (default: stdout)");
    return [&line, options] { return run_doctor(*options, program_of(line)); };
}

} // namespace

extern const command doctor_command{
    "doctor", "says whether the replacement works for a program, and what stands in its way", prepare_doctor};

} // namespace cenote::tool
