// How long a single create, and a single destroy, takes at worst: ten million of each, one thread, in bursts of 1 to 2,000 that
// are destroyed in random order, in a program that mallocs and frees other sizes in between, untimed. real_time_pool and shared_real_time_pool against malloc and free, interleaved, the same sequence of calls in every
// round. Two tables: as it came, interruptions by the machine included; and of each call the least over the rounds, which
// leaves what the code itself does.
//
//     cenote_bench_worst [--quick]
#include "support/clock.hpp"
#include "support/random.hpp"

#include "cenote/real_time_pool.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace {

constexpr std::size_t most_alive = 2'000;
struct object {
    std::array<std::uint64_t, 8> words;
    explicit object(std::uint64_t first) noexcept { words[0] = first; }
};

struct by_malloc {
    static constexpr const char* name = "malloc and free";
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

// Ticks of each call.
struct series {
    std::vector<std::uint32_t> all;   // of all rounds
    std::vector<std::uint32_t> least; // of each call over the rounds
};
struct timings {
    series creates;
    series destroys;
};

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

double nothing() {
    std::vector<std::uint32_t> empty(10'001);
    for (std::uint32_t& t : empty) {
        const std::uint64_t before = bench::ticks_before();
        t = static_cast<std::uint32_t>(bench::ticks_after() - before);
    }
    std::nth_element(empty.begin(), empty.begin() + 5'000, empty.end());
    return empty[5'000];
}

void print_row(const std::string& what, std::vector<std::uint32_t>& of, double clock) {
    std::sort(of.begin(), of.end());
    std::printf("| %s |", what.c_str());
    for (const double share : {.5, .99, .999, .9999, .99999, 1.}) {
        const auto at = static_cast<std::size_t>(share * static_cast<double>(of.size() - 1));
        std::printf(" %.0f |", std::max(of[at] - clock, 0.) * bench::nanoseconds_per_tick());
    }
    std::printf("\n");
}

// How many calls took less than 16, 32, 64, ... ns.
void print_histogram(const std::string& what, const std::vector<std::uint32_t>& sorted, double clock) {
    std::printf("| %s |", what.c_str());
    std::size_t before = 0;
    for (double end = 16; end <= 131'072; end *= 2) {
        const auto limit = end / bench::nanoseconds_per_tick() + clock;
        const auto here = static_cast<std::size_t>(
            std::lower_bound(sorted.begin(), sorted.end(), limit,
                             [](std::uint32_t t, double l) { return static_cast<double>(t) < l; }) -
            sorted.begin());
        std::printf(" %zu |", here - before);
        before = here;
    }
    std::printf(" %zu |\n", sorted.size() - before);
}

} // namespace

int main(int count, char** arguments) {
    const bool quick = count > 1 && std::strcmp(arguments[1], "--quick") == 0;
    const std::size_t rounds = quick ? 2 : 5;
    const std::size_t calls = quick ? 20'000 : 2'000'000; // of each kind in a round
    const std::size_t parts = 40;                         // of a round; subjects take turns

    by_malloc malloc_subject;
    by_pool pool_subject;
    by_shared_pool shared_subject;
    std::array<timings, 3> found;
    for (timings& t : found)
        for (series* s : {&t.creates, &t.destroys}) {
            s->all.reserve(calls * rounds);
            s->least.reserve(calls);
        }
    const double clock = nothing();
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

    const std::array names{by_malloc::name, by_pool::name, by_shared_pool::name};
    for (const bool least : {false, true}) {
        std::printf(
            "\n%s, ns, without what the clock takes\n\n| | median | p99 | p99.9 | p99.99 | p99.999 | max |\n"
            "| --- | --- | --- | --- | --- | --- | --- |\n",
            least ? "Each call's least of all rounds" : "All calls");
        for (std::size_t i = 0; i != names.size(); ++i) {
            series& c = found[i].creates;
            series& d = found[i].destroys;
            print_row(std::string{names[i]} + ", create", least ? c.least : c.all, clock);
            print_row(std::string{names[i]} + ", destroy", least ? d.least : d.all, clock);
        }
    }
    std::printf(
        "\nCalls of all rounds by how long they took, below 16, 32, 64, ... 131,072 ns, and longer\n\n");
    for (std::size_t i = 0; i != names.size(); ++i) {
        print_histogram(std::string{names[i]} + ", create", found[i].creates.all, clock);
        print_histogram(std::string{names[i]} + ", destroy", found[i].destroys.all, clock);
    }
}
