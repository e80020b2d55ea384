#include "micro/worst.hpp"
#include "support/clock.hpp"
#include "support/stats.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace bench::worst {
namespace {

struct share {
    const char* name;
    double of_calls;
};
constexpr std::array shares{share{"p50", .5},       share{"p99", .99},        share{"p99.9", .999},
                            share{"p99.99", .9999}, share{"p99.999", .99999}, share{"max", 1.}};

double to_ns(std::uint32_t ticks, double clock) {
    return std::max(static_cast<double>(ticks) - clock, 0.) * nanoseconds_per_tick();
}

// The samples of the rows that are named `prefix` and a share: each of `parts` is one.
void add_rows_of(std::vector<row>& to, const timings& of, const std::string& prefix,
                 std::vector<std::vector<std::uint32_t>> parts, std::size_t size, double clock) {
    for (const share& s : shares) {
        std::vector<double> samples;
        for (auto& part : parts)
            samples.push_back(to_ns(percentile(std::span<std::uint32_t>(part), s.of_calls), clock));
        row r{spread_of(std::move(samples))};
        r.workload = prefix + s.name;
        r.size = size;
        r.subject = of.subject;
        r.from = of.from;
        to.push_back(std::move(r));
    }
}

void print_row(const std::string& what, const std::vector<std::uint32_t>& sorted, double clock) {
    std::printf("| %s |", what.c_str());
    for (const share& s : shares) {
        const auto at = static_cast<std::size_t>(s.of_calls * static_cast<double>(sorted.size() - 1));
        std::printf(" %.0f |", to_ns(sorted[at], clock));
    }
    std::printf("\n");
}

// How many calls took less than 16, 32, 64, ... ns.
void print_histogram(const std::string& what, const std::vector<std::uint32_t>& sorted, double clock) {
    std::printf("| %s |", what.c_str());
    std::size_t before = 0;
    for (double end = 16; end <= 131'072; end *= 2) {
        const auto limit = end / nanoseconds_per_tick() + clock;
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

void add_rows(std::vector<row>& to, const timings& of, std::size_t rounds, std::size_t size, double clock) {
    const auto add = [&](const std::string& call, const series& s) {
        const auto each = static_cast<std::ptrdiff_t>(s.all.size() / rounds);
        std::vector<std::vector<std::uint32_t>> parts;
        for (auto from = s.all.begin(); from != s.all.end(); from += each)
            parts.emplace_back(from, from + each);
        add_rows_of(to, of, call + "/", std::move(parts), size, clock);
        add_rows_of(to, of, call + "/least/", {s.least}, size, clock);
    };
    add("create", of.creates);
    add("destroy", of.destroys);
}

void print(std::span<timings> all, double clock) {
    for (timings& t : all)
        for (series* s : {&t.creates, &t.destroys}) {
            std::sort(s->all.begin(), s->all.end());
            std::sort(s->least.begin(), s->least.end());
        }
    for (const bool least : {false, true}) {
        std::printf(
            "\n%s, ns, without what the clock takes\n\n| | median | p99 | p99.9 | p99.99 | p99.999 | max |\n"
            "| --- | --- | --- | --- | --- | --- | --- |\n",
            least ? "Each call's least of all rounds" : "All calls");
        for (const timings& t : all) {
            print_row(t.subject + ", create", least ? t.creates.least : t.creates.all, clock);
            print_row(t.subject + ", destroy", least ? t.destroys.least : t.destroys.all, clock);
        }
    }
    std::printf(
        "\nCalls of all rounds by how long they took, below 16, 32, 64, ... 131,072 ns, and longer\n\n");
    for (const timings& t : all) {
        print_histogram(t.subject + ", create", t.creates.all, clock);
        print_histogram(t.subject + ", destroy", t.destroys.all, clock);
    }
}

} // namespace bench::worst
