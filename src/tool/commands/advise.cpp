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
};

int advise_on_trace(const advise_line& line) {
    const std::string name = line.profile.empty() ? line.path + ".profile" : line.profile;
    refuse_to_replace(line.path, name);
    const advice found = advise(line.path);
    for (const std::string& note : found.notes)
        std::fprintf(stderr, "cenote: %s\n", note.c_str());
    if (found.of.requests() == 0)
        throw failure(exit_finding, line.path + " has no allocations: there is nothing to advise");
    whole_file(name).write(profile_text(found)); // programs that start meanwhile read the old one, or the new
    write_output(
        line.json
            ? advice_json(found, name).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
            : advice_text(found, name, line.rows));
    return found.notes.empty() ? exit_fine : exit_finding;
}

std::function<int()> prepare_advise(CLI::App& line) {
    const auto options = std::make_shared<advise_line>();
    line.add_option("FILE", options->path, "a trace of cenote record")->required();
    line.add_option("-o,--output", options->profile, "file for the profile (default: FILE.profile)");
    line.add_option("--rows", options->rows, "of each table")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    line.add_flag("--json", options->json, "the report as JSON, with every size and call site");
    return [options] { return advise_on_trace(*options); };
}

} // namespace

extern const command advise_command{
    "advise", "says what would serve a recorded program better, and writes a profile for the heap",
    prepare_advise};

} // namespace cenote::tool
