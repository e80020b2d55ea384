// W7: with 1,000 objects alive, replace a random one, each single create and destroy timed; few enough to
// stay in the cache, so that the tail is the allocator's own. W7b: bursts of 1 to 20,000 creates, then
// destroys of the burst in random order, each timed.
#pragma once

#include "micro/suite.hpp"
#include "support/clock.hpp"
#include "support/empty_interval.hpp"
#include "support/keep.hpp"
#include "support/random.hpp"
#include "support/stats.hpp"

#include <array>
#include <span>

namespace bench {
namespace tail_detail {

inline constexpr std::size_t live_objects = 1'000;
inline constexpr std::uint32_t largest_burst = 20'000;
// Calls of some 10 ms: many fit between the interruptions of a quiet machine, and 20 samples lie beyond
// p99.99.
inline constexpr std::size_t replaced = 100'000;  // in one call of W7
inline constexpr std::size_t in_bursts = 100'000; // in one call of W7b, at least
inline constexpr std::array shares{0.5, 0.99, 0.999, 0.9999, 1.0};

using tick_count = std::uint32_t;

// The ticks of each create and of each destroy of a call.
struct timings {
    std::span<tick_count> creates;
    std::span<tick_count> destroys;
    std::span<tick_count> all; // both
};

inline timings timings_for(std::size_t operations) {
    tick_count* const array = scratch<tick_count>(2 * operations);
    return {{array, operations}, {array + operations, operations}, {array, 2 * operations}};
}

[[gnu::always_inline]] inline tick_count between(std::uint64_t before, std::uint64_t after) {
    return static_cast<tick_count>(
        std::min<std::uint64_t>(after - before, std::numeric_limits<tick_count>::max()));
}

inline double to_ns(tick_count t, double nothing) {
    return std::max(static_cast<double>(t) - nothing, 0.0) * nanoseconds_per_tick();
}

// The rows of a workload: of all operations, of creates, of destroys.
inline std::vector<std::string> rows_of(const std::string& workload) {
    std::vector<std::string> rows;
    for (const char* operation : {"/", "/allocate/", "/free/"})
        for (const char* share : {"p50", "p99", "p99.9", "p99.99", "max"})
            rows.push_back(workload + operation + share);
    return rows;
}

// The figures of those rows. Ranking all together mixes creates and destroys, so they come first.
inline auto figures_of(const timings& of, double nothing) {
    std::array<double, 3 * shares.size()> figures{};
    const auto rank = [&](std::span<tick_count> some, std::size_t first) {
        for (std::size_t i = 0; i < shares.size(); ++i)
            figures[first + i] = to_ns(percentile(some, shares[i]), nothing);
    };
    rank(of.creates, shares.size());
    rank(of.destroys, 2 * shares.size());
    rank(of.all, 0);
    return figures;
}

template <class T, class Pool>
[[gnu::always_inline]] inline tick_count timed_destroy(Pool& pool, T* p) {
    keep(p);
    const std::uint64_t before = ticks_before();
    pool.destroy(p);
    settle();
    return between(before, ticks_after());
}

template <class T, class Pool>
[[gnu::always_inline]] inline tick_count timed_create(Pool& pool, std::uint64_t first, T*& p) {
    const std::uint64_t before = ticks_before();
    p = pool.create(first);
    keep(p);
    return between(before, ticks_after());
}

template <class T, class Pool>
[[gnu::noinline]] void replace_each_timed(Pool& subject, T** live, std::span<const std::uint32_t> indices,
                                          const timings& to) {
    auto&& pool = hold(subject);
    for (std::size_t k = 0; k < indices.size(); ++k) {
        const std::uint32_t i = indices[k];
        to.destroys[k] = timed_destroy(pool, live[i]);
        to.creates[k] = timed_create(pool, i, live[i]);
    }
    give_back(subject, pool);
}

// `order` holds, for each burst, the order of its destroys.
template <class T, class Pool>
[[gnu::noinline]] void bursts_each_timed(Pool& subject, T** live, std::span<const std::uint32_t> sizes,
                                         std::span<const std::uint32_t> order, const timings& to) {
    auto&& pool = hold(subject);
    std::size_t done = 0;
    for (const std::uint32_t size : sizes) {
        for (std::size_t k = 0; k < size; ++k)
            to.creates[done + k] = timed_create(pool, k, live[k]);
        for (std::size_t k = 0; k < size; ++k)
            to.destroys[done + k] = timed_destroy(pool, live[order[done + k]]);
        done += size;
    }
    give_back(subject, pool);
}

std::span<const std::uint32_t> victims() {
    static const std::vector<std::uint32_t> indices = [] {
        std::vector<std::uint32_t> numbers;
        random_source random{7};
        for (std::size_t i = 0; i < replaced; ++i)
            numbers.push_back(random.below(live_objects));
        return numbers;
    }();
    return indices;
}

struct burst_list {
    std::vector<std::uint32_t> sizes{
        largest_burst}; // the longest first, so that no later one makes the pool grow
    std::vector<std::uint32_t> order;
};

const burst_list& bursts() {
    static const burst_list all = [] {
        burst_list b;
        random_source random{77};
        append_permutation(b.order, b.sizes.front(), random);
        while (b.order.size() < in_bursts) {
            b.sizes.push_back(1 + random.below(largest_burst));
            append_permutation(b.order, b.sizes.back(), random);
        }
        return b;
    }();
    return all;
}

struct replace_timed {
    template <class Family, class T>
    void operator()(visit& v) const {
        T** const live = scratch<T*>(live_objects);
        const timings to = timings_for(replaced);
        const auto indices = victims();
        typename Family::template pool<T> subject{live_objects};
        for (std::size_t i = 0; i < live_objects; ++i)
            live[i] = subject.create(i);
        v.repeat([&] {
            const double nothing = ticks_of_nothing();
            replace_each_timed(subject, live, indices, to);
            return figures_of(to, nothing);
        });
        for (std::size_t i = 0; i < live_objects; ++i)
            subject.destroy(live[i]);
    }
};

struct bursts_timed {
    template <class Family, class T>
    void operator()(visit& v) const {
        T** const live = scratch<T*>(largest_burst);
        const timings to = timings_for(bursts().order.size());
        typename Family::template pool<T> subject{largest_burst};
        v.repeat([&] {
            const double nothing = ticks_of_nothing();
            bursts_each_timed(subject, live, bursts().sizes, bursts().order, to);
            return figures_of(to, nothing);
        });
    }
};

} // namespace tail_detail

template <std::size_t Size, class Subjects>
void add_tail_of(std::vector<measurement>& to, Subjects subjects) {
    using namespace tail_detail;
    const schedule how{.full = {.visits = 8, .calls = 6, .discarded = 1},
                       .quick = Size == 64 ? std::optional(plan{.visits = 2, .calls = 4, .discarded = 1})
                                           : std::nullopt};
    add_measurement<Size, demands{.live_at_frees = live_objects}>(to, subjects, rows_of("W7"), how,
                                                                  replace_timed{});
    add_measurement<Size, demands{.live_at_frees = largest_burst}>(to, subjects, rows_of("W7b"), how,
                                                                   bursts_timed{});
}

} // namespace bench
