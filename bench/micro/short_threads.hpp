// Threads that come, allocate 1,000 objects, free them and end: one after the other, and four at a time.
#pragma once

#include "micro/suite.hpp"
#include "support/clock.hpp"
#include "support/keep.hpp"

#include <array>
#include <thread>
#include <vector>

namespace bench {
namespace short_threads_detail {

inline constexpr std::size_t objects = 1'000;
inline constexpr std::size_t threads_in_a_call = 40;

template <class T, class Pool>
[[gnu::noinline]] void fill_and_drain(Pool& pool) {
    std::array<T*, objects> all;
    for (std::size_t i = 0; i < objects; ++i) {
        all[i] = pool.create(i);
        keep(all[i]);
    }
    for (T* p : all) {
        pool.destroy(p);
        settle();
    }
}

struct short_threads {
    std::size_t at_a_time;

    template <class Family, class T>
    void operator()(visit& v) const {
        typename Family::template pool<T> subject{objects * at_a_time};
        v.repeat([&] {
            const double wall = time_of([&] {
                for (std::size_t done = 0; done < threads_in_a_call; done += at_a_time) {
                    std::vector<std::jthread> now;
                    for (std::size_t t = 0; t < at_a_time; ++t)
                        now.emplace_back([&subject, t] { fill_and_drain<T>(of_thread(subject, t)); });
                }
            });
            return wall / static_cast<double>(threads_in_a_call);
        });
    }
};

} // namespace short_threads_detail
} // namespace bench
