// Replays a recorded allocation pattern of packet_server in process: Cenote's pools against malloc, no
// network.
#include "replay.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace packet_server;

double least(const std::vector<double>& values) { return *std::min_element(values.begin(), values.end()); }
double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                     values.end());
    return values[values.size() / 2];
}

// One subject's figures, the loop's own cost subtracted.
struct net_figures {
    double least_ns;
    double median_ns;
};
net_figures net(const replay_figures& of, const replay_figures& loop) {
    return {least(of.passes_ns) - least(loop.passes_ns), median(of.passes_ns) - median(loop.passes_ns)};
}

nlohmann::ordered_json to_json(const replay_figures& of, const replay_figures& loop) {
    const net_figures n = net(of, loop);
    return {{"subject", of.subject},
            {"ns_min", n.least_ns},
            {"ns_median", n.median_ns},
            {"first_pass_ns", of.first_pass_ns},
            {"peak_resident_kib", of.peak_resident_kib},
            {"passes_ns", of.passes_ns}};
}

void print(const recording& pattern, const replay_results& results) {
    std::printf("%zu allocations with their frees, %zu live at the peak; %zu passes of each, interleaved\n",
                pattern.pairs, pattern.peak_live, results.pools.passes_ns.size());
    std::printf("%-8s %14s %14s %14s %16s\n", "", "ns/pair min", "ns/pair median", "first pass",
                "peak resident");
    for (const replay_figures* each : {&results.pools, &results.malloc}) {
        const net_figures n = net(*each, results.loop);
        std::printf("%-8s %14.2f %14.2f %14.2f %12.2f MiB\n", each->subject.c_str(), n.least_ns, n.median_ns,
                    each->first_pass_ns, static_cast<double>(each->peak_resident_kib) / 1024.0);
    }
    const net_figures p = net(results.pools, results.loop);
    const net_figures m = net(results.malloc, results.loop);
    std::printf("%-8s %14.2f %14.2f %14.2f %16.2f\n", "ratio", p.least_ns / m.least_ns,
                p.median_ns / m.median_ns, results.pools.first_pass_ns / results.malloc.first_pass_ns,
                static_cast<double>(results.pools.peak_resident_kib) /
                    static_cast<double>(std::max<std::size_t>(results.malloc.peak_resident_kib, 1)));
    std::printf("The loop's own %.2f ns are subtracted from min and median, not from the first pass.\n",
                median(results.loop.passes_ns));
}

void write_json(const std::string& path, const recording& pattern, const replay_results& results) {
    const nlohmann::ordered_json all = {
        {"allocations", pattern.pairs},
        {"peak_live", pattern.peak_live},
        {"still_live", pattern.still_live},
        {"note", pattern.note},
        {"loop_ns_median", median(results.loop.passes_ns)},
        {"subjects", {to_json(results.pools, results.loop), to_json(results.malloc, results.loop)}},
    };
    std::ofstream file(path);
    file << all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
    file.close();
    if (!file) throw std::runtime_error(path + ": cannot be written");
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Replays an allocation pattern that packet_server recorded, through Cenote's pools and "
                 "through malloc."};
    std::string file;
    std::string json;
    std::size_t passes = 15;
    app.add_option("file", file, "the recording")->required();
    app.add_option("--passes", passes, "timed passes of each")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    app.add_option("--json", json, "file for the figures");
    CLI11_PARSE(app, argc, argv);
    try {
        const recording pattern = read_recording(file);
        if (!pattern.note.empty()) std::fprintf(stderr, "packet_server_replay: %s\n", pattern.note.c_str());
        if (pattern.pairs == 0) throw std::runtime_error(file + ": holds no allocation");
        const replay_results results = replay(pattern, passes);
        print(pattern, results);
        if (!json.empty()) write_json(json, pattern, results);
        return 0;
    } catch (const std::bad_alloc&) {
        std::fprintf(stderr, "packet_server_replay: %s: the pattern needs more memory than there is\n",
                     file.c_str());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "packet_server_replay: %s\n", error.what());
    }
    return 1;
}
