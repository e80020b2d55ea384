// `cenote view`: a trace as a page for the browser.
#include "../support/failure.hpp"
#include "../support/progress.hpp"
#include "../support/text.hpp"
#include "../support/whole_file.hpp"
#include "../trace/reader.hpp"
#include "../view/page.hpp"
#include "../view/summary_json.hpp"
#include "command.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

namespace cenote::tool {

namespace {

struct view_line {
    std::string path;
    std::string output;
    bool json = false;
    bool quiet = false;
};

trace_summary summarize_with_progress(trace_reader& trace, const view_line& line) {
    progress_line shown;
    auto next = std::chrono::steady_clock::now();
    return summarize(trace, [&](double part) {
        const auto now = std::chrono::steady_clock::now();
        if (line.quiet || now < next) return;
        next = now + std::chrono::milliseconds(100);
        shown.show("cenote: " + line.path + ": " + std::to_string(static_cast<int>(part * 100)) + " %");
    });
}

int view_trace(const view_line& line) {
    const std::string place = !line.output.empty() ? line.output : line.json ? "-" : line.path + ".html";
    trace_reader trace(line.path);
    refuse_to_replace(line.path, place);
    whole_file to(place);
    const trace_summary summary = summarize_with_progress(trace, line);
    trace.require_events();
    for (const std::string& note : trace.notes())
        std::fprintf(stderr, "cenote: %s: %s\n", line.path.c_str(), note.c_str());
    const std::string text =
        summary_json(summary, trace, line.path)
            .dump(line.json ? 1 : -1, ' ', false, nlohmann::json::error_handler_t::replace);
    const std::string written = line.json ? text + "\n" : page_with(text);
    to.write(written);
    if (!line.quiet && !line.json)
        std::fprintf(stderr, "cenote: %s: %s in %s\n", place == "-" ? "stdout" : place.c_str(),
                     counted(summary.survey.events, "event").c_str(),
                     bytes_text(static_cast<double>(written.size())).c_str());
    return trace.notes().empty() ? exit_fine : exit_finding;
}

std::function<int()> prepare_view(CLI::App& line) {
    const auto options = std::make_shared<view_line>();
    line.add_option("FILE", options->path, "a trace of cenote record")->required();
    line.add_option("-o,--output", options->output,
                    "the page (default: FILE.html; with --json: stdout); - is stdout");
    line.add_flag("--json", options->json, "what the page shows, as JSON");
    line.add_flag("-q,--quiet", options->quiet, "neither progress nor where the page is on stderr");
    return [options] { return view_trace(*options); };
}

} // namespace

extern const command view_command{
    "view", "makes a page of a trace: what was live when, from where, and how memory lay", prepare_view};

} // namespace cenote::tool
