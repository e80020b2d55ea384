#include "support/runner.hpp"

#include "support/child.hpp"
#include "support/clock.hpp"
#include "support/stats.hpp"

#include <exception>
#include <iomanip>
#include <ostream>
#include <span>
#include <utility>

namespace bench {
namespace {

using json = nlohmann::ordered_json;

// Samples are collected by the visits: google-benchmark would report means and its own idea of a median.
class silent_reporter : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>&) override {}
};

void initialize_google_benchmark() {
    std::string name = "bench";
    std::string interleave = "--benchmark_enable_random_interleaving=true";
    std::array<char*, 3> arguments{name.data(), interleave.data(), nullptr};
    int count = 2;
    benchmark::Initialize(&count, arguments.data());
}

std::vector<sample_table> measure(const measurement& m, std::span<const contender> contenders,
                                  const plan& how) {
    std::vector<sample_table> samples(contenders.size(), sample_table(m.workloads.size()));
    for (std::size_t i = 0; i < contenders.size(); ++i) {
        const contender& c = contenders[i];
        benchmark::RegisterBenchmark(c.subject.c_str(),
                                     [&c, &how, &table = samples[i]](benchmark::State& state) {
                                         visit v{state, how.discarded, table};
                                         c.measure(v);
                                     })
            ->Iterations(how.calls)
            ->Repetitions(how.visits)
            ->UseManualTime();
    }
    silent_reporter nobody;
    benchmark::RunSpecifiedBenchmarks(&nobody);
    return samples;
}

std::vector<sample_table> measure_in_child(const measurement& m, std::span<const contender> contenders,
                                           const plan& how) {
    const std::string answer = in_child([&] { return json(measure(m, contenders, how)).dump(); });
    return json::parse(answer).get<std::vector<sample_table>>();
}

// For what one process has no room for, or would remember from the subject before: interleaved all the same, in an
// order that turns by one from round to round.
std::vector<sample_table> measure_apart(const measurement& m, plan how) {
    std::vector<sample_table> samples(m.contenders.size(), sample_table(m.workloads.size()));
    const int rounds = std::exchange(how.visits, 1);
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < m.contenders.size(); ++i) {
            const std::size_t c = (i + static_cast<std::size_t>(round)) % m.contenders.size();
            const sample_table found = measure_in_child(m, {&m.contenders[c], 1}, how).front();
            for (std::size_t w = 0; w < found.size(); ++w)
                samples[c][w].insert(samples[c][w].end(), found[w].begin(), found[w].end());
        }
    }
    return samples;
}

void run_one(const measurement& m, const plan& how, std::vector<row>& rows) {
    const auto samples = m.apart ? measure_apart(m, how) : measure_in_child(m, m.contenders, how);
    for (std::size_t c = 0; c < m.contenders.size(); ++c) {
        for (std::size_t w = 0; w < m.workloads.size(); ++w) {
            row r{spread_of(samples[c][w])};
            r.workload = m.workloads[w];
            r.size = m.size;
            r.subject = m.contenders[c].subject;
            r.from = m.contenders[c].from;
            r.counts = m.counts;
            rows.push_back(std::move(r));
        }
    }
}

std::string name_of(const measurement& m) {
    std::string name = m.workloads.front();
    if (m.workloads.size() > 1) name += " and the rest of its family";
    return m.size == 0 ? name : name + ", " + std::to_string(m.size) + " bytes";
}

} // namespace

results run(const std::vector<measurement>& all, const options& chosen, std::ostream& progress) {
    initialize_google_benchmark();
    nanoseconds_per_tick(); // here, so that every child inherits one calibration
    results found;
    for (const measurement& m : all) {
        const bool wanted = std::any_of(m.workloads.begin(), m.workloads.end(),
                                        [&](const std::string& name) { return chosen.wants(name); });
        if (!wanted || (chosen.quick && !m.quick)) continue;
        progress << name_of(m) << " ..." << std::flush;
        try {
            const double took = time_of([&] { run_one(m, chosen.quick ? *m.quick : m.full, found.rows); });
            progress << std::fixed << std::setprecision(1) << " " << took * 1e-9 << " s\n";
            found.skipped.insert(found.skipped.end(), m.skipped.begin(), m.skipped.end());
        } catch (const std::exception& error) {
            progress << " failed: " << error.what() << "\n";
            found.complete = false;
        }
    }
    set_ratios(found.rows);
    return found;
}

} // namespace bench
