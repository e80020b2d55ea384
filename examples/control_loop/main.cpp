// A control loop that may never wait: how long a cycle's allocations take at worst, and that none of them is a system call,
// on a fixed object_pool, on new and delete, and on std::pmr. Each run is a process of its own, all interleaved.
//
//     control_loop [--quick | --kilohertz]
//
// As fast as it goes, or a thousand cycles a second. Ends with 77 where the kernel has no filter for system calls.
#include "../support/measure.hpp"
#include "memory.hpp"
#include "trial.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {

using namespace control_loop;

constexpr int exit_skipped = 77;

struct subject {
    std::string name;
    ending (*run)(const plan&, shared_record&);
    std::string under_filter = {};
    ending end_under_filter = ending::failed;
    std::vector<std::uint32_t> ticks = {}; // of all cycles of all rounds
    std::vector<std::uint32_t> least = {}; // of each cycle, over the rounds
    std::int64_t output = 0;
    bool ran = true;
};

double ticks_per_second() {
    using clock = std::chrono::steady_clock;
    const auto start = clock::now();
    const std::uint64_t begin = ticks();
    std::chrono::duration<double> passed{};
    while (passed.count() < .05)
        passed = clock::now() - start;
    return static_cast<double>(ticks() - begin) / passed.count();
}

// Which of them live without system calls. The kernel kills those that make one.
void try_without_system_calls(std::vector<subject>& subjects, std::size_t cycles, shared_record& record) {
    for (subject& s : subjects) {
        s.end_under_filter = s.run({cycles, 0, system_calls::forbidden}, record);
        switch (s.end_under_filter) {
        case ending::ran_through:
            s.under_filter = "no system call";
            break;
        case ending::killed_by_sigsys:
            s.under_filter = "killed by SIGSYS in cycle " + std::to_string(record.found().cycles_done + 1);
            break;
        case ending::no_filter_here:
            s.under_filter = "no filter here";
            break;
        case ending::failed:
            s.under_filter = "FAILED";
            break;
        }
    }
}

void time_cycles(std::vector<subject>& subjects, int rounds, const plan& how, shared_record& record) {
    measure::interleaved(rounds, subjects, [&](subject& s) {
        plan mine = how;
        if (s.end_under_filter == ending::ran_through) mine.calls = system_calls::forbidden;
        s.ran = s.run(mine, record) == ending::ran_through && s.ran;
        s.output = record.found().output;
        const auto cycles = record.ticks().first(how.cycles);
        s.ticks.insert(s.ticks.end(), cycles.begin(), cycles.end());
        if (s.least.empty()) s.least.assign(cycles.begin(), cycles.end());
        std::transform(cycles.begin(), cycles.end(), s.least.begin(), s.least.begin(),
                       [](std::uint32_t a, std::uint32_t b) { return std::min(a, b); });
    });
}

// A cycle does the same work in every round. What one round of it took includes whatever else the machine did then; the
// least of its rounds is what the program itself needs, and the largest of those its worst case.
void print(std::vector<subject>& subjects, double ns_per_tick) {
    measure::print_head({"a cycle's allocations, ns", "worst cycle, least of its rounds", "p50", "p99.9",
                         "p99.99", "worst, machine included", "with system calls forbidden"});
    for (subject& s : subjects) {
        std::sort(s.ticks.begin(), s.ticks.end());
        const auto at = [&](double part) {
            const auto index = static_cast<std::size_t>(part * static_cast<double>(s.ticks.size() - 1));
            return measure::number(s.ticks[index] * ns_per_tick, 0);
        };
        const double repeatable = *std::max_element(s.least.begin(), s.least.end());
        measure::print_row({s.name, measure::number(repeatable * ns_per_tick, 0), at(.5), at(.999), at(.9999),
                            at(1), s.under_filter});
    }
}

} // namespace

int main(int count, char** arguments) {
    const bool quick = measure::quick(count, arguments);
    const bool kilohertz = count > 1 && std::strcmp(arguments[1], "--kilohertz") == 0;
    const std::size_t cycles = quick ? 20'000 : kilohertz ? 10'000 : 1'000'000;
    const double per_second = ticks_per_second();
    const plan how{cycles, kilohertz ? static_cast<std::uint64_t>(per_second / 1000) : 0,
                   system_calls::allowed};
    shared_record record{cycles};

    std::vector<subject> subjects{
        {"nothing allocated", &try_loop<no_memory>},
        {"object_pool, fixed", &try_loop<fixed_pool>},
        {"new and delete", &try_loop<plain_new>},
        {"new and delete, prepared", &try_loop<prepared_new>},
        {"std::pmr, prepared", &try_loop<prepared_pmr>},
    };
    enum { nothing, pool, plain };
    try_without_system_calls(subjects, std::min<std::size_t>(cycles, 20'000), record);
    if (subjects[nothing].end_under_filter == ending::no_filter_here) {
        std::printf("this kernel has no filter for system calls: nothing is shown\n");
        return exit_skipped;
    }
    time_cycles(subjects, quick ? 1 : kilohertz ? 3 : 9, how, record);

    const int lock_error = record.found().lock_error;
    std::printf("cycles a round: %zu; records alive at most: %llu; memory locked: %s\n\n", cycles,
                static_cast<unsigned long long>(record.found().most_alive),
                lock_error == 0 ? "yes"
                                : std::strerror(lock_error)); // NOLINT(concurrency-mt-unsafe): one thread
    print(subjects, 1e9 / per_second);

    const bool equal = std::all_of(subjects.begin(), subjects.end(), [&](const subject& s) {
        return s.ran && s.output == subjects.front().output;
    });
    const bool shown = subjects[nothing].end_under_filter == ending::ran_through &&
                       subjects[pool].end_under_filter == ending::ran_through &&
                       subjects[plain].end_under_filter == ending::killed_by_sigsys;
    std::printf("\nanswer: %s; the pool without system calls, malloc killed for one: %s\n",
                equal ? "equal" : "DIFFERENT", shown ? "shown" : "NOT SHOWN");
    return equal && shown ? 0 : 1;
}
