// W3: with 100,000 objects alive, free a random one and allocate another in its place; W3/1k to W3/10M: with so many. W3b:
// in bursts, 64 freed and then 64 allocated. The rows `written` also write to each block that is allocated.
#pragma once

#include "micro/suite.hpp"
#include "support/clock.hpp"
#include "support/keep.hpp"
#include "support/random.hpp"

#include <span>

namespace bench {
namespace replace_detail {

inline constexpr std::size_t live_objects = 100'000;
inline constexpr std::size_t burst = 64;
inline constexpr std::size_t replaced = burst * 1'600; // in one call: each object once, on average

// As many are drawn, so that calls in turn reach objects that no call before them left in the caches.
inline constexpr std::size_t most_drawn = 20 * replaced;

// Which of `live` objects is replaced next, in parts of `replaced`, one for each call. Every `burst` numbers in a row are
// distinct, so that both workloads can use them. Always the same list for a process: a measurement uses one number of
// objects.
inline std::span<const std::uint32_t> victims(std::size_t live) {
    static const std::vector<std::uint32_t> indices = [live] {
        std::vector<std::uint32_t> numbers;
        std::vector<std::uint32_t> pool;
        random_source random{3};
        append_permutation(pool, live, random);
        const std::size_t wanted = std::clamp(live / replaced * replaced, replaced, most_drawn);
        while (numbers.size() < wanted)
            append_distinct(numbers, burst, pool, random);
        return numbers;
    }();
    return indices;
}

template <class T, class Pool>
[[gnu::noinline]] void replace_singly(Pool& subject, T** live, std::span<const std::uint32_t> indices) {
    auto&& pool = hold(subject);
    for (const std::uint32_t i : indices) {
        T* freed = live[i];
        keep(freed);
        pool.destroy(freed);
        settle();
        T* p = pool.create(i);
        keep(p);
        live[i] = p;
    }
    give_back(subject, pool);
}

template <class T, class Pool>
[[gnu::noinline]] void replace_in_bursts(Pool& subject, T** live, std::span<const std::uint32_t> indices) {
    auto&& pool = hold(subject);
    for (std::size_t start = 0; start < indices.size(); start += burst) {
        const auto now = indices.subspan(start, burst);
        for (const std::uint32_t i : now) {
            T* freed = live[i];
            keep(freed);
            pool.destroy(freed);
            settle();
        }
        for (const std::uint32_t i : now) {
            T* p = pool.create(i);
            keep(p);
            live[i] = p;
        }
    }
    give_back(subject, pool);
}

struct replace {
    bool bursts;
    std::size_t live_count = live_objects;

    template <class Family, class T>
    void operator()(visit& v) const {
        T** const live = scratch<T*>(live_count);
        const auto all = victims(live_count);
        std::size_t next = 0;
        typename Family::template pool<T> subject{live_count};
        for (std::size_t i = 0; i < live_count; ++i)
            live[i] = subject.create(i);
        v.repeat([&] {
            const auto indices = all.subspan(next, replaced);
            next = (next + replaced) % all.size();
            const double took = time_of([&] {
                if (bursts) {
                    replace_in_bursts(subject, live, indices);
                } else {
                    replace_singly(subject, live, indices);
                }
            });
            return took / static_cast<double>(indices.size());
        });
        for (std::size_t i = 0; i < live_count; ++i)
            subject.destroy(live[i]);
    }
};

} // namespace replace_detail

template <std::size_t Size, class Subjects>
void add_replace_of(std::vector<measurement>& to, Subjects subjects) {
    using replace_detail::replace;
    constexpr demands asks{.live_at_frees = replace_detail::live_objects};
    // Three discarded calls: between its visits the other subjects have evicted the working set, and without
    // them the order of the visits would decide the result.
    const schedule how{.full = {.visits = 10, .calls = 8, .discarded = 3},
                       .quick = plan{.visits = 3, .calls = 4, .discarded = 3}};
    add_measurement<Size, asks>(to, subjects, {"W3"}, how, replace{false});
    add_measurement<Size, asks>(to, subjects, {"W3b"}, how, replace{true});
    if constexpr (Size == 64) {
        constexpr demands written{.live_at_frees = replace_detail::live_objects, .written = true};
        add_measurement<Size, written>(to, subjects, {"W3/written"}, how, replace{false});
        add_measurement<Size, written>(to, subjects, {"W3b/written"}, how, replace{true});
    }
}

} // namespace bench
