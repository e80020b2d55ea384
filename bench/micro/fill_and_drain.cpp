// W2: allocate N blocks, free them all in the same, the reverse or a random order; the rows `written` also write
// to each block, as a program would. Between the
// two, not timed, the pointers are put into the order of the frees: otherwise much of what is measured at a
// million live objects would be our own random walk through the array of pointers.
#include "micro/pools.hpp"
#include "micro/pools_subjects.hpp"
#include "micro/suite.hpp"
#include "support/clock.hpp"
#include "support/keep.hpp"
#include "support/random.hpp"

#include <algorithm>

namespace bench {
namespace {

enum class free_order { same, reverse, random };

template <class T, class Pool>
[[gnu::noinline]] void allocate_all(Pool& subject, T** live, std::size_t n) {
    auto&& pool = hold(subject);
    for (std::size_t i = 0; i < n; ++i) {
        T* p = pool.create(i);
        keep(p);
        live[i] = p;
    }
    give_back(subject, pool);
}

template <class T, class Pool>
[[gnu::noinline]] void free_all(Pool& subject, T* const* doomed, std::size_t n) {
    auto&& pool = hold(subject);
    for (std::size_t i = 0; i < n; ++i) {
        T* p = doomed[i];
        keep(p);
        pool.destroy(p);
        settle();
    }
    give_back(subject, pool);
}

const std::uint32_t* random_order(std::size_t n) {
    static const std::vector<std::uint32_t> order = [n] {
        std::vector<std::uint32_t> numbers;
        random_source random{n};
        append_permutation(numbers, n, random);
        return numbers;
    }();
    return order.data();
}

struct fill_and_drain {
    std::size_t n;
    free_order order;
    std::size_t rounds; // in one call

    template <class Family, class T>
    void operator()(visit& v) const {
        T** const live = scratch<T*>(2 * n);
        T** const doomed = live + n;
        const std::size_t repeats = std::max<std::size_t>(rounds / Family::is.divisor, 1);
        typename Family::template pool<T> subject{n};
        v.repeat([&] {
            double took = 0;
            for (std::size_t r = 0; r < repeats; ++r) {
                took += time_of([&] { allocate_all(subject, live, n); });
                arrange(live, doomed);
                took += time_of([&] { free_all(subject, doomed, n); });
            }
            return took / static_cast<double>(repeats * n);
        });
    }

private:
    template <class T>
    void arrange(T* const* live, T** doomed) const {
        switch (order) {
        case free_order::same:
            std::copy_n(live, n, doomed);
            return;
        case free_order::reverse:
            std::reverse_copy(live, live + n, doomed);
            return;
        case free_order::random:
            const std::uint32_t* const shuffled = random_order(n);
            for (std::size_t i = 0; i < n; ++i)
                doomed[i] = live[shuffled[i]];
            return;
        }
    }
};

template <std::size_t Size, std::size_t N, bool Written = false>
void add(std::vector<measurement>& to, const char* name, free_order order, const schedule& how) {
    // Calls of about 100,000 pairs: long against the clock, short against an interruption.
    constexpr std::size_t rounds = std::max<std::size_t>(100'000 / N, 1);
    add_measurement<Size, demands{.live_at_frees = N, .written = Written}>(to, pools_subjects{}, {name}, how,
                                                                           fill_and_drain{N, order, rounds});
}

constexpr plan many{.visits = 12, .calls = 4, .discarded = 1};
constexpr plan some{.visits = 4, .calls = 2, .discarded = 1};
constexpr plan few{.visits = 2, .calls = 2, .discarded = 1};
constexpr plan rare{.visits = 2, .calls = 1, .discarded = 1};
constexpr plan one{.visits = 1, .calls = 2, .discarded = 1};

template <std::size_t Size>
void add_size(std::vector<measurement>& to) {
    constexpr bool reference_size = Size == 64;
    const schedule thousand{.full = many, .quick = some};
    add<Size, 1'000>(to, "W2/1k/same", free_order::same, thousand);
    add<Size, 1'000>(to, "W2/1k/reverse", free_order::reverse, thousand);
    add<Size, 1'000>(to, "W2/1k/random", free_order::random, thousand);
    if constexpr (reference_size) {
        add<Size, 1'000, true>(to, "W2/1k/random/written", free_order::random, thousand);
        add<Size, 10'000>(to, "W2/10k/random", free_order::random, {.full = many, .quick = some});
        add<Size, 100'000>(to, "W2/100k/random", free_order::random, {.full = many, .quick = few});
    }
    const schedule million{.full = reference_size ? some : few,
                           .quick = reference_size ? std::optional(one) : std::nullopt};
    add<Size, 1'000'000>(to, "W2/1M/same", free_order::same, million);
    add<Size, 1'000'000>(to, "W2/1M/reverse", free_order::reverse, million);
    add<Size, 1'000'000>(to, "W2/1M/random", free_order::random, million);
    if constexpr (reference_size) {
        add<Size, 1'000'000, true>(to, "W2/1M/random/written", free_order::random, million);
        add<Size, 10'000'000>(to, "W2/10M/random", free_order::random,
                              {.full = rare, .quick = {}, .apart = true});
    }
}

} // namespace

void add_fill_and_drain(std::vector<measurement>& to) {
    add_size<16>(to);
    add_size<64>(to);
    add_size<256>(to);
}

} // namespace bench
