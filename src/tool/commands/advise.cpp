// `cenote advise`: what a trace says would serve its program better, and a profile for the heap.
#include "../support/failure.hpp"
#include "../support/streams.hpp"
#include "../support/whole_file.hpp"
#include "advise_report.hpp"
#include "command.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace cenote::tool {

namespace {

struct advise_line {
    std::string path;
    std::string profile;
    unsigned rows = 12;
    bool json = false;
    bool quiet = false;
};

int advise_on_trace(const advise_line& line) {
    const bool is_to_stdout = line.profile == "-";
    if (is_to_stdout && line.json)
        throw failure(exit_usage, "--json and -o - would both be on stdout: name a file with -o");
    std::string profile = line.profile.empty() ? line.path + ".profile" : line.profile;
    refuse_to_replace(line.path, profile);
    const advice found = advise(line.path);
    for (const std::string& note : found.notes)
        std::fprintf(stderr, "cenote: %s: %s\n", line.path.c_str(), note.c_str());
    // Programs that start meanwhile read the old one, or the new.
    if (found.has_gain() || !line.profile.empty())
        whole_file(profile).write(profile_text(found));
    else
        profile.clear();
    if (line.json)
        write_output(
            advice_json(found, profile).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    else if (!line.quiet && !is_to_stdout)
        write_output(advice_text(found, profile, line.rows));
    else if (!found.has_gain())
        std::fprintf(stderr, "cenote: %s: %s", line.path.c_str(), no_gain_text(found, profile).c_str());
    return found.notes.empty() ? exit_fine : exit_finding;
}

std::function<int()> prepare_advise(CLI::App& line) {
    const auto options = std::make_shared<advise_line>();
    line.add_option("FILE", options->path, "a trace of cenote record")->required();
    line.add_option(
        "-o,--output", options->profile,
        "file for the profile (default: FILE.profile, where it would better anything); - is stdout, in "
        "place of the report");
    line.add_option("--rows", options->rows, "of each table")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    CLI::Option* const json =
        line.add_flag("--json", options->json, "the report as JSON, with every size and call site");
    line.add_flag("-q,--quiet", options->quiet, "the profile alone, no report")->excludes(json);
    return [options] { return advise_on_trace(*options); };
}

} // namespace

extern const command advise_command{
    "advise", "says what would serve a recorded program better, and writes a profile for the heap",
    prepare_advise};

} // namespace cenote::tool
