// W7 and W7b by two threads at once, which share the pool and nothing else: each operation timed.
#include "micro/suite.hpp"
#include "micro/tail.hpp"
#include "micro/threads.hpp"
#include "support/team.hpp"

namespace bench {
namespace {

constexpr std::size_t threads = 2;

// Each thread's part of the timings of all.
tail_detail::timings part_of(const tail_detail::timings& all, std::size_t thread) {
    const std::size_t each = all.creates.size() / threads;
    return {all.creates.subspan(thread * each, each), all.destroys.subspan(thread * each, each), {}};
}

struct replace_timed_together {
    template <class Family, class T>
    void operator()(visit& v) const {
        using namespace tail_detail;
        constexpr std::size_t apart = live_objects + 128 / sizeof(T*);
        T** const live = scratch<T*>(threads * apart);
        const timings all = timings_for(threads * replaced);
        const auto indices = victims();
        typename Family::template pool<T> subject{threads * live_objects};
        team workers{threads};
        workers.run([&](std::size_t t, std::uint64_t) {
            for (std::size_t i = 0; i < live_objects; ++i)
                live[t * apart + i] = of_thread(subject, t).create(i);
        });
        v.repeat([&] {
            const double nothing = ticks_of_nothing();
            workers.run([&](std::size_t t, std::uint64_t) {
                replace_each_timed(of_thread(subject, t), live + t * apart, indices, part_of(all, t));
            });
            return tail_detail::figures_of(all, nothing);
        });
        workers.run([&](std::size_t t, std::uint64_t) {
            for (std::size_t i = 0; i < live_objects; ++i)
                of_thread(subject, t).destroy(live[t * apart + i]);
        });
    }
};

struct bursts_timed_together {
    template <class Family, class T>
    void operator()(visit& v) const {
        using namespace tail_detail;
        constexpr std::size_t apart = largest_burst + 128 / sizeof(T*);
        T** const live = scratch<T*>(threads * apart);
        const timings all = timings_for(threads * bursts().order.size());
        typename Family::template pool<T> subject{threads * largest_burst};
        team workers{threads};
        v.repeat([&] {
            const double nothing = ticks_of_nothing();
            workers.run([&](std::size_t t, std::uint64_t) {
                bursts_each_timed(of_thread(subject, t), live + t * apart, bursts().sizes, bursts().order,
                                  part_of(all, t));
            });
            return tail_detail::figures_of(all, nothing);
        });
    }
};

} // namespace

void add_tail_together(std::vector<measurement>& to) {
    const schedule how{.full = {.visits = 8, .calls = 6, .discarded = 1},
                       .quick = plan{.visits = 2, .calls = 4, .discarded = 1}};
    constexpr demands few{.live_at_frees = threads * tail_detail::live_objects};
    constexpr demands many{.live_at_frees = threads * tail_detail::largest_burst};
    add_measurement<64, few>(to, shared_subjects{}, tail_detail::rows_of("W7/2"), how,
                             replace_timed_together{});
    add_measurement<64, many>(to, shared_subjects{}, tail_detail::rows_of("W7b/2"), how,
                              bursts_timed_together{});
}

} // namespace bench
