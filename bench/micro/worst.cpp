// How long a single create, and a single destroy, takes at worst: ten million of each, one thread, in bursts of 1 to 2,000 that
// are destroyed in random order, in a program that mallocs and frees other sizes in between, untimed. real_time_pool and shared_real_time_pool against malloc and free, interleaved, the same sequence of calls in every
// round. Two tables: as it came, interruptions by the machine included; and of each call the least over the rounds, which
// leaves what the code itself does.
//
//     cenote_bench_worst [--json FILE] [--quick]
#include "micro/worst.hpp"
#include "support/clock.hpp"
#include "support/empty_interval.hpp"
#include "support/environment.hpp"
#include "support/machine.hpp"
#include "support/options.hpp"
#include "support/random.hpp"
#include "support/run_record.hpp"

#include "cenote/real_time_pool.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <gnu/libc-version.h>
#include <iostream>
#include <vector>

namespace {

constexpr std::size_t most_alive = 2'000;
struct object {
    std::array<std::uint64_t, 8> words;
    explicit object(std::uint64_t first) noexcept { words[0] = first; }
};

struct by_malloc {
    static constexpr const char* name = "glibc malloc";
    object* create(std::uint64_t first) { return ::new (std::malloc(sizeof(object))) object{first}; }
    void destroy(object* p) { std::free(p); }
};
struct by_pool {
    static constexpr const char* name = "real_time_pool";
    cenote::real_time_pool<object> pool{most_alive};
    object* create(std::uint64_t first) { return pool.try_create(first); }
    void destroy(object* p) { pool.destroy(p); }
};
struct by_shared_pool {
    static constexpr const char* name = "shared_real_time_pool";
    cenote::shared_real_time_pool<object> pool{most_alive};
    object* create(std::uint64_t first) { return pool.try_create(first); }
    void destroy(object* p) { pool.destroy(p); }
};

using bench::worst::series;
using bench::worst::timings;

void note(series& to, std::size_t round, std::size_t call, std::uint64_t ticks) {
    const auto t = static_cast<std::uint32_t>(std::min<std::uint64_t>(ticks, 0xFFFFFFFFU));
    to.all.push_back(t);
    if (round == 0)
        to.least.push_back(t);
    else
        to.least[call] = std::min(to.least[call], t);
}

// The rest of the program: a thousand blocks of 16 bytes to 32 KiB, one of which is replaced.
void work_elsewhere(bench::random_source& random) {
    static std::array<void*, 1'000> blocks;
    void*& one = blocks[random.below(1'000)];
    std::free(one);
    one = std::malloc(std::size_t{16} << random.below(12));
}

template <class Subject>
[[gnu::noinline]] void run_part(Subject& subject, std::uint64_t seed, std::size_t from, std::size_t to,
                                std::size_t round, timings& out) {
    static std::array<object*, most_alive> alive;
    bench::random_source random{seed};
    for (std::size_t call = from; call != to;) {
        const std::size_t burst = std::min<std::size_t>(1 + random.below(most_alive), to - call);
        for (std::size_t i = 0; i != burst; ++i) {
            const std::uint64_t before = bench::ticks_before();
            object* const p = subject.create(i);
            const std::uint64_t after = bench::ticks_after();
            alive[i] = p;
            if (i % 8 == 0) work_elsewhere(random);
            note(out.creates, round, call + i, after - before);
        }
        for (std::size_t i = burst; i > 1; --i)
            std::swap(alive[i - 1], alive[random.below(static_cast<std::uint32_t>(i))]);
        for (std::size_t i = 0; i != burst; ++i) {
            object* const p = alive[i];
            const std::uint64_t before = bench::ticks_before();
            subject.destroy(p);
            const std::uint64_t after = bench::ticks_after();
            if (i % 8 == 0) work_elsewhere(random);
            note(out.destroys, round, call + i, after - before);
        }
        call += burst;
    }
}

void measure(std::array<timings, 3>& found, std::size_t rounds, std::size_t calls) {
    constexpr std::size_t parts = 40; // of a round; subjects take turns
    by_malloc malloc_subject;
    by_pool pool_subject;
    by_shared_pool shared_subject;
    for (std::size_t round = 0; round != rounds; ++round)
        for (std::size_t part = 0; part != parts; ++part) {
            const std::size_t from = calls / parts * part;
            const std::size_t to = calls / parts * (part + 1);
            for (std::size_t turn = 0; turn != 3; ++turn) {
                const std::size_t which = (turn + part + round) % 3;
                if (which == 0) run_part(malloc_subject, part, from, to, round, found[0]);
                if (which == 1) run_part(pool_subject, part, from, to, round, found[1]);
                if (which == 2) run_part(shared_subject, part, from, to, round, found[2]);
            }
        }
}

void describe(bench::report& report, bool quick) {
    report.versions = bench::describe_toolchain();
    report.versions[by_malloc::name] = {{"version", ::gnu_get_libc_version()}, {"options", "no tunables"}};
    for (const char* name : {by_pool::name, by_shared_pool::name})
        report.versions[name] = {{"version", BENCH_CENOTE_VERSION}, {"options", "defaults"}};
    report.method = {{"suite", "worst"},
                     {"quick", quick},
                     {"ratios_of", "ns_min"},
                     {"clock", "ticks around each call, less the median of an empty interval"}};
}

int run(const bench::options& chosen) {
    bench::require_malloc_of_the_c_library();
    if (!chosen.json_file.empty()) bench::require_writable(chosen.json_file);
    const std::size_t rounds = chosen.quick ? 2 : 5;
    const std::size_t calls = chosen.quick ? 20'000 : 2'000'000; // of each kind in a round

    bench::report report;
    describe(report, chosen.quick);
    const bench::run_record record{report};
    std::array<timings, 3> found{timings{by_malloc::name, bench::origin::peer, {}, {}},
                                 timings{by_pool::name, bench::origin::ours, {}, {}},
                                 timings{by_shared_pool::name, bench::origin::ours, {}, {}}};
    for (timings& t : found)
        for (series* s : {&t.creates, &t.destroys}) {
            s->all.reserve(calls * rounds);
            s->least.reserve(calls);
        }
    const double clock = bench::ticks_of_nothing();
    measure(found, rounds, calls);
    record.finish(report);

    for (const timings& t : found)
        bench::worst::add_rows(report.rows, t, rounds, sizeof(object), clock);
    bench::set_ratios(report.rows);
    bench::worst::print(found, clock);
    if (!chosen.json_file.empty()) bench::write_json(chosen.json_file, report);
    return EXIT_SUCCESS;
}

} // namespace

int main(int count, char** arguments) {
    const bench::options chosen = bench::parse_options(
        count, arguments,
        "How long one call of the pools for code that may not wait takes at worst, and of malloc", false);
    try {
        return run(chosen);
    } catch (const std::exception& error) {
        std::cerr << "cenote_bench_worst: " << error.what() << "\n";
        return EXIT_FAILURE;
    }
}
