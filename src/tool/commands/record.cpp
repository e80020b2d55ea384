// `cenote record`: a program, and a trace of what it allocates.
#include "../process/child.hpp"
#include "../process/libraries.hpp"
#include "../process/program_file.hpp"
#include "../record/collector.hpp"
#include "../support/failure.hpp"
#include "../support/streams.hpp"
#include "../support/text.hpp"
#include "command.hpp"
#include "program_line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace cenote::tool {

namespace {

constexpr const char* record_library = "libcenote-record.so";

struct record_line {
    std::string path;
    std::uint64_t stacks = 65'536;
    bool drops = false;
    bool children = false;
    bool quiet = false;
    std::string json;
};

std::atomic<bool> interrupted{false};

// After the program's end, Ctrl-C means the recording.
void interrupt_recording() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        std::signal(number, [](int) { interrupted = true; });
}

trace_end end_of(const ending& how) {
    if (how.was_signalled())
        return {.why = trace_end::reason::signalled,
                .value = static_cast<std::uint64_t>(WTERMSIG(how.status))};
    return {.why = trace_end::reason::exited, .value = static_cast<std::uint64_t>(how.exit_status())};
}

void say_what_is_there(const recorded_trace& each) {
    std::fprintf(stderr, "cenote: %s: %s of process %u in %s%s\n", each.path.c_str(),
                 counted(each.events, "event").c_str(), each.process,
                 bytes_text(static_cast<double>(each.bytes)).c_str(),
                 each.lost == 0 ? "" : (", " + std::to_string(each.lost) + " more were lost").c_str());
}

nlohmann::json json_of(const std::vector<recorded_trace>& traces, const ending& how, std::uint32_t refused) {
    nlohmann::json list = nlohmann::json::array();
    for (const recorded_trace& each : traces)
        list.push_back({{"path", each.path},
                        {"process", each.process},
                        {"events", each.events},
                        {"bytes", each.bytes},
                        {"lost", each.lost},
                        {"whole", each.error == 0}});
    return {{"traces", list},
            {"program", how.text()},
            {"exit_status", how.exit_status()},
            {"processor_seconds", how.processor_seconds()},
            {"children_not_recorded", refused}};
}

int record_program(const record_line& line, const std::vector<std::string>& words) {
    start_options start;
    start.file = find_program(words.front());
    require_preloadable(inspect_program(start.file));
    start.arguments = words;
    start.variables = environment::inherited();
    start.variables.preload(find_library(record_library));
    std::unique_ptr<result_file> report;
    if (!line.json.empty()) report = std::make_unique<result_file>(line.json, STDOUT_FILENO);

    collector recording({.path = line.path,
                         .program = words,
                         .stack_interval = line.stacks,
                         .drops = line.drops,
                         .children = line.children,
                         .shows_progress = !line.quiet && ::isatty(STDERR_FILENO) == 1});
    start.variables.set(region_variable, recording.region_path());
    child program(std::move(start));
    recording.set_recorded(static_cast<std::uint32_t>(program.pid()));
    const ending how = program.wait();
    interrupt_recording();
    const std::vector<recorded_trace> traces = recording.finish(end_of(how), interrupted);

    const bool is_there = std::any_of(traces.begin(), traces.end(),
                                      [&](const recorded_trace& t) { return t.path == line.path; });
    // No trace. What was there before and is no file, as /dev/null, stays.
    std::error_code none;
    if (!is_there && std::filesystem::is_regular_file(std::filesystem::symlink_status(line.path, none)))
        std::filesystem::remove(line.path, none);
    if (report != nullptr) {
        report->write(json_of(traces, how, recording.refused()).dump(2) + "\n");
        report->close();
    }
    int error = 0;
    for (const recorded_trace& each : traces) {
        if (!line.quiet) say_what_is_there(each);
        if (each.error != 0) error = each.error;
    }
    if (!line.quiet && recording.refused() != 0)
        std::fprintf(stderr, "cenote: %s that it started %s not recorded%s\n",
                     counted(recording.refused(), "process").c_str(),
                     recording.refused() == 1 ? "was" : "were",
                     line.children ? ": there were too many" : "; --children does");
    if (error != 0)
        throw failure(exit_trouble,
                      "the trace ends early, the program did not: " + std::string(std::strerror(error)));
    if (!is_there)
        throw failure(
            exit_cannot_run,
            words.front() + " ended (" + how.text() +
                "), and never loaded the recorder: the dynamic linker did not take it from LD_PRELOAD; "
                "`cenote doctor` may say why");
    return end_like(how);
}

std::function<int()> prepare_record(CLI::App& line) {
    const auto options = std::make_shared<record_line>();
    line.add_option("-o,--output", options->path, "the trace, a file")
        ->required()
        ->check(CLI::Validator(
            [](const std::string& path) {
                return path == "-" ? std::string("a trace cannot go to stdout") : std::string();
            },
            ""));
    line.add_option("--stacks", options->stacks,
                    "a stack for so many bytes on average (65536); 0 for none, 1 for each allocation")
        ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 47U));
    line.add_flag("--drop", options->drops,
                  "never let the program wait for the recorder: count what is lost instead");
    line.add_flag("--children", options->children, "also processes that it starts, each into FILE.PROCESS");
    line.add_flag("-q,--quiet", options->quiet, "neither progress nor what was recorded on stderr");
    line.add_option("--json", options->json, "what was recorded, into a file; - is stdout");
    take_program(line);
    return [&line, options] { return record_program(*options, program_of(line)); };
}

} // namespace

extern const command record_command{"record", "records what a program allocates, into a trace",
                                    prepare_record};

} // namespace cenote::tool
