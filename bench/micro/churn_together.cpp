// W4: threads that have 100,000 live objects of one pool between them, each freeing a random one of its own and
// allocating another. W4b: the same in bursts of 64. Also the worst stall: the longest that any thread took for 256
// pairs, with more threads than that take turns on a small machine.
#include "micro/replace.hpp"
#include "micro/suite.hpp"
#include "micro/threads.hpp"
#include "support/team.hpp"

#include <array>

namespace bench {
namespace {

constexpr std::size_t live_objects = 100'000; // of all threads together
constexpr std::size_t pairs_at_a_time = 4 * replace_detail::burst;
static_assert(replace_detail::replaced % pairs_at_a_time == 0);

// A single thread has as many as each of two.
constexpr std::size_t share_of(std::size_t threads) {
    return live_objects / std::max<std::size_t>(threads, 2);
}

// Threads that take turns on a processor must have many turns in one call: the scheduler's are some milliseconds long.
constexpr double call_ns(std::size_t threads) {
    if (threads <= 2) return 5e6;
    return threads <= 8 ? 100e6 : 200e6;
}

struct alignas(128) progress {
    double pairs = 0;
    double worst_stall = 0; // ns
};

// Stalls: whether the call gives the worst stall as well.
template <bool Stalls>
struct churn_together {
    std::size_t threads;
    bool in_bursts;

    template <class Family, class T>
    void operator()(visit& v) const {
        const std::size_t share = share_of(threads);
        const std::size_t apart = share + 128 / sizeof(T*); // no two threads write to one cache line
        T** const live = scratch<T*>(threads * apart);
        const auto indices = replace_detail::victims(share);
        typename Family::template pool<T> subject{live_objects};
        team workers{threads};
        workers.run([&](std::size_t t, std::uint64_t) {
            for (std::size_t i = 0; i < share; ++i)
                live[t * apart + i] = of_thread(subject, t).create(i);
        });
        std::vector<progress> done(threads);
        v.repeat([&] {
            const double wall = workers.run([&](std::size_t t, std::uint64_t start) {
                done[t] = churn(of_thread(subject, t), live + t * apart, indices, t, start);
            });
            return figures(wall, done);
        });
        workers.run([&](std::size_t t, std::uint64_t) {
            for (std::size_t i = 0; i < share; ++i)
                of_thread(subject, t).destroy(live[t * apart + i]);
        });
    }

private:
    template <class T, class Pool>
    progress churn(Pool& pool, T** live, std::span<const std::uint32_t> indices, std::size_t thread,
                   std::uint64_t start) const {
        const std::size_t batches = indices.size() / pairs_at_a_time;
        std::size_t at = thread * batches / threads;
        double pairs = 0;
        pacer pace{start, call_ns(threads)};
        do {
            const auto now = indices.subspan(at * pairs_at_a_time, pairs_at_a_time);
            if (in_bursts) {
                replace_detail::replace_in_bursts(pool, live, now);
            } else {
                replace_detail::replace_singly(pool, live, now);
            }
            at = at + 1 == batches ? 0 : at + 1;
            pairs += pairs_at_a_time;
        } while (pace.goes_on());
        return {pairs, pace.worst_stall()};
    }

    auto figures(double wall, const std::vector<progress>& done) const {
        double pairs = 0;
        double stall = 0;
        for (const progress& p : done) {
            pairs += p.pairs;
            stall = std::max(stall, p.worst_stall);
        }
        const double each = wall * static_cast<double>(processors_for(threads)) / pairs;
        if constexpr (Stalls) {
            return std::array{each, stall};
        } else {
            return each;
        }
    }
};

template <bool Stalls>
void add(std::vector<measurement>& to, std::size_t threads, const schedule& how) {
    constexpr demands asks{.live_at_frees = live_objects};
    for (const bool in_bursts : {false, true}) {
        const std::string name = (in_bursts ? "W4b/" : "W4/") + std::to_string(threads);
        std::vector<std::string> rows{name};
        if constexpr (Stalls) rows.push_back(name + "/stall");
        add_measurement<64, asks>(to, shared_subjects{}, rows, how,
                                  churn_together<Stalls>{threads, in_bursts});
    }
}

} // namespace

void add_churn_together(std::vector<measurement>& to) {
    const schedule few{.full = {.visits = 10, .calls = 8, .discarded = 3},
                       .quick = plan{.visits = 3, .calls = 4, .discarded = 3}};
    const schedule many{.full = {.visits = 3, .calls = 2, .discarded = 1}, .quick = {}};
    schedule most = many;
    most.full = {.visits = 5, .calls = 3, .discarded = 1};
    most.quick = plan{.visits = 1, .calls = 2, .discarded = 0};
    add<false>(to, 1, {.full = few.full, .quick = {}});
    add<false>(to, 2, few);
    add<true>(to, 4, many);
    add<true>(to, 8, many);
    add<true>(to, 16, many);
    add<true>(to, most_threads, most);
}

} // namespace bench
