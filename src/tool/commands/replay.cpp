// `cenote replay`: what a trace says, done again under other mallocs, or on Cenote's heap or pools.
#include "../allocators/allocator.hpp"
#include "../measure/paired.hpp"
#include "../process/child.hpp"
#include "../replay/plan.hpp"
#include "../replay/worker.hpp"
#include "../support/failure.hpp"
#include "../support/streams.hpp"
#include "../support/text.hpp"
#include "command.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <unistd.h>
#include <vector>

namespace cenote::tool {

namespace {

struct replay_line {
    std::string path;
    std::string with;
    std::string threads = "as-recorded";
    std::string pace = "full";
    std::string touch = "page";
    int runs = 5;
    bool json = false;
    bool quiet = false;
    std::string output;
};

struct replay_subject {
    std::string name;
    replay_memory memory = replay_memory::malloc;
    allocator malloc{};                // where memory is malloc
    std::vector<double> nanoseconds{}; // a call, for each run
    replay_run space{};                // of the run that looked at memory
    std::string failure{};
};

environment variables_for(const allocator& which) {
    environment variables = environment::inherited();
    variables.remove("LD_PRELOAD");
    which.put_into(variables);
    return variables;
}

// heap and pools are within this program, beside the mallocs of the machine; a library may have their names.
replay_memory memory_of(const allocator& which) {
    if (!which.library.empty()) return replay_memory::malloc;
    return which.name == "heap"    ? replay_memory::heap
           : which.name == "pools" ? replay_memory::pools
                                   : replay_memory::malloc;
}

std::vector<replay_subject> find_subjects(const std::string& asked) {
    std::vector<replay_subject> subjects;
    const program_file worker = inspect_program("/proc/self/exe");
    for (const allocator& each : find_allocators(asked, {"heap", "pools"})) {
        subjects.push_back({.name = each.name, .memory = memory_of(each), .malloc = each});
        if (subjects.back().memory == replay_memory::malloc)
            require_active(each, worker, variables_for(each));
    }
    return subjects;
}

// One run of a subject, in a process of its own.
replay_run replay_once(replay_plan& plan, const replay_subject& subject, const replay_line& line,
                       bool looks) {
    replay_run& run = plan.run();
    run = {};
    run.memory = subject.memory;
    run.touch = line.touch == "all"    ? replay_touch::all
                : line.touch == "page" ? replay_touch::page
                                       : replay_touch::none;
    run.recorded_pace = line.pace == "recorded" && !looks;
    run.looks = looks;
    start_options start;
    start.file = "/proc/self/exe";
    start.arguments = {"cenote", replay_worker_word, std::to_string(plan.file())};
    start.variables = variables_for(subject.malloc);
    child worker(std::move(start));
    const ending how = worker.wait();
    if (how.interrupted != 0) throw failure(exit_trouble, "interrupted");
    if (!how.is_success() || !run.finished) throw failure(exit_finding, how.text());
    return run;
}

double nanoseconds_a_call(const replay_run& run, const plan_header& of, bool recorded_pace) {
    return static_cast<double>(recorded_pace ? run.inside : run.nanoseconds) / static_cast<double>(of.calls);
}

void measure(replay_plan& plan, std::vector<replay_subject>& subjects, const replay_line& line) {
    const bool shows = !line.quiet && ::isatty(STDERR_FILENO) == 1;
    for (int round = -1; round != line.runs; ++round) // the first looks at memory
        for (replay_subject& each : subjects) {
            if (!each.failure.empty()) continue;
            if (shows)
                std::fprintf(stderr, "\rcenote: run %d of %d, %s\033[K", round + 2, line.runs + 1,
                             each.name.c_str());
            try {
                const replay_run run = replay_once(plan, each, line, round < 0);
                if (round < 0)
                    each.space = run;
                else
                    each.nanoseconds.push_back(
                        nanoseconds_a_call(run, plan.header(), line.pace == "recorded"));
            } catch (const failure& error) {
                if (error.code() != exit_finding) throw;
                each.failure = error.what();
            }
        }
    if (shows) std::fprintf(stderr, "\r\033[K");
}

double over_live(const replay_subject& s, const plan_header& of) {
    return of.most_live == 0
               ? 0
               : static_cast<double>(s.space.resident_at_peak) / static_cast<double>(of.most_live);
}

std::string formatted(const char* format, auto... values) {
    std::array<char, 300> text{};
    std::snprintf(text.data(), text.size(), format, values...);
    return text.data();
}

std::string replay_text(const replay_plan& plan, const std::vector<replay_subject>& subjects,
                        const replay_line& line) {
    const plan_header& of = plan.header();
    if (of.calls == 0) return line.path + " has no calls that can be replayed: there is nothing to do\n";
    std::string text = line.path + ": " + counted(of.calls, "call") + " (" +
                       counted(of.allocations, "allocation") + ", " +
                       counted(of.calls - of.allocations, "free") + ") for " + counted(of.events, "event") +
                       ", at most " + bytes_text(static_cast<double>(of.most_live)) + " live";
    text += formatted("; %s, %s pace, touching %s; %d runs each, in turn\n",
                      counted(of.threads, "thread").c_str(), line.pace.c_str(),
                      line.touch == "page"  ? "each page"
                      : line.touch == "all" ? "every byte"
                                            : "nothing",
                      line.runs);
    if (of.left_out != 0)
        text += counted(of.left_out, "call") + " left out, of objects from before the trace\n";
    text += formatted("%-16s %10s %8s %17s %12s %10s %10s\n", "", "ns a call", "ratio", "95 % interval",
                      "resident MiB", "over live", "on average");
    const replay_subject& base = subjects.front();
    for (const replay_subject& each : subjects) {
        if (!each.failure.empty()) {
            text += formatted("%-16s failed: %s\n", each.name.c_str(), each.failure.c_str());
            continue;
        }
        text += formatted("%-16s %10.2f", each.name.c_str(), median(each.nanoseconds));
        if (&each != &base && base.failure.empty()) {
            const ratio_estimate ratio = estimate_ratio(each.nanoseconds, base.nanoseconds);
            text += formatted(
                " %8.3f %17s", ratio.ratio,
                ratio.within ? formatted("%.3f to %.3f", ratio.within->low, ratio.within->high).c_str() : "");
        } else {
            text += formatted(" %8s %17s", "1", "");
        }
        text += formatted(" %12.1f %10.2f %10.2f", static_cast<double>(each.space.most_resident) / (1 << 20),
                          over_live(each, of), each.space.mean_over_live);
        if (each.space.refused != 0) text += "  (" + counted(each.space.refused, "call") + " refused)";
        text += "\n";
    }
    return text;
}

nlohmann::json replay_json(const replay_plan& plan, const std::vector<replay_subject>& subjects,
                           const replay_line& line) {
    const plan_header& of = plan.header();
    nlohmann::json list = nlohmann::json::array();
    for (const replay_subject& each : subjects) {
        const replay_subject& base = subjects.front();
        nlohmann::json one{{"name", each.name}};
        if (!each.failure.empty()) {
            one["failure"] = each.failure;
            list.push_back(one);
            continue;
        }
        one["nanoseconds_a_call"] = each.nanoseconds;
        one["median_nanoseconds"] = median(each.nanoseconds);
        if (base.failure.empty()) {
            const ratio_estimate ratio = estimate_ratio(each.nanoseconds, base.nanoseconds);
            one["ratio"] = ratio.ratio;
            if (ratio.within) one["interval"] = {ratio.within->low, ratio.within->high};
        }
        one["most_resident"] = each.space.most_resident;
        one["resident_at_peak"] = each.space.resident_at_peak;
        one["resident_over_live_at_peak"] = over_live(each, of);
        one["resident_over_live_on_average"] = each.space.mean_over_live;
        one["refused"] = each.space.refused;
        list.push_back(one);
    }
    return {{"trace", line.path},
            {"events", of.events},
            {"calls", of.calls},
            {"allocations", of.allocations},
            {"frees", of.calls - of.allocations},
            {"left_out", of.left_out},
            {"threads", of.threads},
            {"most_live", of.most_live},
            {"pace", line.pace},
            {"touch", line.touch},
            {"runs", line.runs},
            {"notes", plan.notes()},
            {"subjects", list}};
}

int replay_trace(const replay_line& line) {
    result_file report(line.output, STDOUT_FILENO);
    std::vector<replay_subject> subjects = find_subjects(line.with);
    replay_plan plan(line.path, line.threads == "one");
    for (const std::string& note : plan.notes())
        std::fprintf(stderr, "cenote: %s: %s\n", line.path.c_str(), note.c_str());
    if (plan.header().calls == 0) subjects.clear();
    measure(plan, subjects, line);
    report.write(line.json ? replay_json(plan, subjects, line)
                                     .dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                                 "\n"
                           : replay_text(plan, subjects, line));
    report.close();
    const bool failed = std::any_of(subjects.begin(), subjects.end(),
                                    [](const replay_subject& s) { return !s.failure.empty(); });
    return failed || !plan.notes().empty() ? exit_finding : exit_fine;
}

std::function<int()> prepare_replay(CLI::App& line) {
    const auto options = std::make_shared<replay_line>();
    line.add_option("FILE", options->path, "a trace of cenote record")->required();
    line.add_option(
        "--with", options->with,
        "on which, with commas between; the first is what others are compared to: " + known_allocators() +
            ", cenote:PROFILE (with a profile of cenote advise), NAME=FILE, heap (a Cenote heap), pools (a "
            "Cenote pool for each size class) (default: all that "
            "are found)");
    line.add_option("--threads", options->threads, "as-recorded, or one: all calls in one thread")
        ->check(CLI::IsMember({"as-recorded", "one"}))
        ->capture_default_str();
    line.add_option("--pace", options->pace,
                    "full, or recorded: each call at its time; only what is spent in it counts")
        ->check(CLI::IsMember({"full", "recorded"}))
        ->capture_default_str();
    line.add_option("--touch", options->touch,
                    "what is written to of each block: none, page (a byte of each), all")
        ->check(CLI::IsMember({"none", "page", "all"}))
        ->capture_default_str();
    line.add_option("-n,--runs", options->runs,
                    "runs on each, after one that looks at memory; from 6 on there is an interval")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    line.add_flag("--json", options->json, "the report as JSON, with every run");
    line.add_flag("-q,--quiet", options->quiet, "no progress on stderr");
    line.add_option("-o,--output", options->output, "file for the report (default: stdout)");
    return [options] { return replay_trace(*options); };
}

} // namespace

extern const command replay_command{"replay", "does what a trace says again, under other mallocs or on pools",
                                    prepare_replay};

} // namespace cenote::tool
