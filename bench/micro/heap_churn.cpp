// replace: with N blocks live, a random one is freed and another one allocated in its place. burst: N are allocated,
// and freed in random order. By one thread, or by two with N between them, each with blocks of its own. Of 64 bytes
// and of mixed sizes; in the rows `sized` the frees are told the size, in the rows `written` each block is written
// to.
#include "micro/heap.hpp"
#include "micro/heap_blocks.hpp"

#include <array>

namespace bench {
namespace {

constexpr std::size_t pairs = 102'400; // in one call, of each thread
constexpr std::array live_counts{1'000U, 100'000U};

constexpr const char* name_of_count(std::size_t n) { return n == 1'000 ? "1k" : "100k"; }

// No two threads write to one cache line.
constexpr std::size_t apart(std::size_t share) { return share + 128 / sizeof(void*); }

template <block_use Use>
struct replace_among {
    std::size_t threads;
    std::size_t live;
    size_range sizes;

    template <class Family, class>
    void operator()(visit& v) const {
        const std::size_t share = live / threads;
        void** const places = scratch<void*>(threads * apart(share));
        const auto place_of = [&](std::size_t t) { return places + t * apart(share); };
        const auto& all = made_once([&] {
            std::vector<replacements> made;
            for (std::size_t t = 0; t < threads; ++t)
                made.push_back(
                    draw_replacements(share, pairs, t + 1, [&](random_source& r) { return sizes.draw(r); }));
            return made;
        });
        crew workers{threads};
        workers.run([&](std::size_t t) { allocate_first<Family, Use>(place_of(t), all[t]); });
        v.repeat([&] {
            const double wall = workers.run(
                [&](std::size_t t) { replace_blocks<Family, Use>(place_of(t), all[t], 0, pairs); });
            return wall * static_cast<double>(processors_for(threads)) / static_cast<double>(threads * pairs);
        });
        workers.run([&](std::size_t t) { free_first<Family, Use>(place_of(t), all[t]); });
    }
};

template <block_use Use>
struct in_bursts {
    std::size_t threads;
    std::size_t live;
    size_range sizes;

    template <class Family, class>
    void operator()(visit& v) const {
        const std::size_t share = live / threads;
        const std::size_t rounds = std::max<std::size_t>(pairs / share, 1);
        void** const places = scratch<void*>(threads * apart(share));
        const auto& all = made_once([&] {
            std::vector<bursts> made;
            for (std::size_t t = 0; t < threads; ++t)
                made.push_back(
                    draw_bursts(share, rounds, t + 1, [&](random_source& r) { return sizes.draw(r); }));
            return made;
        });
        crew workers{threads};
        v.repeat([&] {
            const double wall = workers.run(
                [&](std::size_t t) { come_and_go<Family, Use>(places + t * apart(share), all[t]); });
            return wall * static_cast<double>(processors_for(threads)) /
                   static_cast<double>(threads * rounds * share);
        });
    }
};

template <block_use Use>
void add(std::vector<measurement>& to, std::size_t threads, std::size_t live, const size_range& sizes,
         const char* suffix, std::optional<plan> quick) {
    constexpr demands asks{.live_at_frees = live_counts.back(), .sized_frees = Use.sized};
    const bool few = live == live_counts.front();
    const schedule how{.full = {.visits = 12, .calls = few ? 8 : 6, .discarded = few ? 1 : 2},
                       .quick = quick};
    const std::string row = std::string("/") + name_of_count(live) + "/" + sizes.name + suffix;
    const std::size_t size = sizes.fixed;
    add_heap_measurement<asks>(to, heap_subjects{}, {numbered("replace", threads) + row}, size, how,
                               replace_among<Use>{threads, live, sizes});
    add_heap_measurement<asks>(to, heap_subjects{}, {numbered("burst", threads) + row}, size, how,
                               in_bursts<Use>{threads, live, sizes});
}

} // namespace

std::vector<std::string> mixed_rows(std::size_t threads, const std::string& suffix) {
    std::vector<std::string> rows;
    for (const char* workload : {"replace", "burst"})
        for (const std::size_t live : live_counts)
            for (const size_range& sizes : {up_to_1k, up_to_64k})
                rows.push_back(numbered(workload, threads) + "/" + name_of_count(live) + "/" + sizes.name +
                               suffix);
    return rows;
}

void add_heap_churn(std::vector<measurement>& to) {
    const plan short_one{.visits = 2, .calls = 2, .discarded = 1};
    for (const std::size_t threads : {1U, 2U}) {
        for (const std::size_t live : live_counts) {
            add<block_use{}>(to, threads, live, always_64, "", {});
            for (const size_range& sizes : {up_to_1k, up_to_64k}) {
                add<block_use{}>(to, threads, live, sizes, "", short_one);
                add<block_use{.written = true}>(to, threads, live, sizes, "/written", {});
            }
        }
        for (const size_range& sizes : {always_64, up_to_1k, up_to_64k})
            add<block_use{.sized = true}>(to, threads, live_counts.front(), sizes, "/sized", {});
    }
}

} // namespace bench
