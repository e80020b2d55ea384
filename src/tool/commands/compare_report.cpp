#include "compare_report.hpp"

#include "../measure/paired.hpp"
#include "../support/text.hpp"
#include "run_report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace cenote::tool {

namespace {

using nlohmann::ordered_json;

struct compared_measure {
    const char* name; // in JSON
    const char* title;
    double (*of)(const ending&);
    std::string (*text)(double);
};
constexpr std::array all_measures{
    compared_measure{"seconds", "elapsed", [](const ending& how) { return how.seconds; }, seconds_text},
    compared_measure{"processor_seconds", "user and system",
                     [](const ending& how) { return how.processor_seconds(); }, seconds_text},
    compared_measure{"peak_resident_bytes", "peak resident",
                     [](const ending& how) { return how.peak_bytes(); }, bytes_text},
    compared_measure{"page_faults", "page faults",
                     [](const ending& how) { return static_cast<double>(how.page_faults()); },
                     [](double n) { return with_commas(static_cast<std::uint64_t>(std::llround(n))); }},
};

std::vector<double> values_of(const compared_allocator& of, const compared_measure& what) {
    std::vector<double> result;
    for (const compared_run& run : of.runs)
        result.push_back(what.of(run.how));
    return result;
}

bool are_positive(const std::vector<double>& values) {
    return std::all_of(values.begin(), values.end(), [](double v) { return v > 0; });
}

std::string verdict(const ratio_estimate& of) {
    if (!of.within) return "";
    if (of.is_more()) return percent_text(of.ratio - 1) + " more";
    if (of.is_less()) return percent_text(1 - of.ratio) + " less";
    return "no difference (" + percent_text(of.detectable()) + " would have shown)";
}

std::string measure_table(const comparison& of, const compared_measure& what) {
    text_table table({what.title, "median", "spread", "ratio", "95 % interval", "<"});
    const std::vector<double> base = values_of(of.baseline(), what);
    for (const compared_allocator& each : of.allocators) {
        if (!each.is_in()) {
            table.add({each.which.name, "failed"});
            continue;
        }
        const std::vector<double> values = values_of(each, what);
        std::vector<std::string> row{each.which.name, what.text(median(values)),
                                     percent_text(relative_spread(values))};
        if (&each != &of.baseline() && of.baseline().is_in() && are_positive(values) && are_positive(base)) {
            const ratio_estimate ratio = estimate_ratio(values, base);
            row.push_back(fixed_text(ratio.ratio, 3));
            row.push_back(ratio.within
                              ? fixed_text(ratio.within->low, 3) + " to " + fixed_text(ratio.within->high, 3)
                              : "");
            row.push_back(verdict(ratio));
        }
        table.add(std::move(row));
    }
    return table.text();
}

std::string hash_text(std::uint64_t hash) {
    std::array<char, 20> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
    return text.data();
}

std::string output_line(const comparison& of) {
    if (!of.baseline().is_in()) return "";
    if (!of.is_output_steady())
        return "output: changes from run to run, under " + of.baseline().which.name +
               " as well, so it was not compared\n";
    if (!of.differences().empty()) return "";
    const compared_run& one = of.baseline().runs.front();
    return "output: the same in all runs, " + with_commas(one.output.bytes) + " bytes; " + one.how.text() +
           "\n";
}

} // namespace

bool comparison::is_output_steady() const {
    return std::all_of(baseline().runs.begin(), baseline().runs.end(), [this](const compared_run& run) {
        return run.output == baseline().runs.front().output;
    });
}

std::vector<std::string> comparison::differences() const {
    std::vector<std::string> result;
    for (const compared_allocator& each : allocators) {
        if (!each.is_in()) {
            result.push_back("under " + each.which.name + " it fails: " + each.failure);
            continue;
        }
        if (&each == &baseline() || !baseline().is_in() || !is_output_steady()) continue;
        const auto differing =
            std::count_if(each.runs.begin(), each.runs.end(), [this](const compared_run& run) {
                return run.output != baseline().runs.front().output;
            });
        if (differing != 0)
            result.push_back("under " + each.which.name + " the output is another than under " +
                             baseline().which.name + " in " + std::to_string(differing) + " of " +
                             std::to_string(each.runs.size()) + " runs");
    }
    return result;
}

std::string compare_text(const comparison& of) {
    std::string text = "cenote compare: " + command_text(of.words) + "\n";
    text += std::to_string(of.rounds) +
            " rounds, in each of which every allocator has one run, in random order; ratios to " +
            of.baseline().which.name + "\n";
    if (!of.own_malloc.empty())
        text += "the program brings the malloc of " + of.own_malloc +
                "; under glibc the C library's stands in front of it\n";
    const bool is_any_in = std::any_of(of.allocators.begin(), of.allocators.end(),
                                       [](const auto& each) { return each.is_in(); });
    if (is_any_in)
        for (const compared_measure& each : all_measures)
            text += "\n" + measure_table(of, each);
    text += "\n";
    if (is_any_in && of.rounds < 6) text += "fewer than 6 rounds: no interval, so no verdict\n";
    for (const std::string& difference : of.differences())
        text += difference + "\n";
    return text + output_line(of);
}

ordered_json compare_json(const comparison& of) {
    ordered_json result;
    result["command"] = of.words;
    result["rounds"] = of.rounds;
    result["baseline"] = of.baseline().which.name;
    result["own_malloc"] = of.own_malloc;
    result["interval"] = "Wilcoxon signed-rank, paired by round, 95 %";
    result["is_output_steady"] = of.is_output_steady();
    result["differences"] = of.differences();
    result["allocators"] = ordered_json::array();
    for (const compared_allocator& each : of.allocators) {
        ordered_json entry;
        entry["name"] = each.which.name;
        entry["library"] = each.which.library;
        if (!each.which.profile.empty()) entry["profile"] = each.which.profile;
        entry["failure"] = each.failure;
        for (const compared_measure& what : all_measures) {
            const std::vector<double> values = values_of(each, what), base = values_of(of.baseline(), what);
            ordered_json measure;
            measure["median"] = median(values);
            measure["spread"] = relative_spread(values);
            if (each.is_in() && of.baseline().is_in() && are_positive(values) && are_positive(base) &&
                !values.empty()) {
                const ratio_estimate ratio = estimate_ratio(values, base);
                measure["ratio"] = ratio.ratio;
                if (ratio.within) {
                    measure["ratio_low"] = ratio.within->low;
                    measure["ratio_high"] = ratio.within->high;
                    measure["is_different"] = ratio.is_more() || ratio.is_less();
                }
            }
            entry[what.name] = std::move(measure);
        }
        entry["runs"] = ordered_json::array();
        for (const compared_run& run : each.runs) {
            ordered_json one = ending_json(run.how);
            one["output_bytes"] = run.output.bytes;
            one["output_hash"] = hash_text(run.output.hash);
            entry["runs"].push_back(std::move(one));
        }
        result["allocators"].push_back(std::move(entry));
    }
    return result;
}

} // namespace cenote::tool
