// server: what a server's threads do to a malloc, after the benchmark of P. Larson and M. Krishnan, 1998, "Memory
// Allocation for Long-Running Server Applications". Each of several threads has 1,000 blocks of mixed sizes up to 1
// KiB, replaces random ones, and hands them to a thread that succeeds it: so blocks are freed by others than made
// them, and those who made them are gone.
#include "micro/heap.hpp"
#include "micro/heap_blocks.hpp"

#include <thread>

namespace bench {
namespace {

constexpr std::size_t live = 1'000;
constexpr std::size_t each = 25'600; // replaced by each thread
constexpr std::size_t successions = 4;
constexpr std::size_t pairs = each * successions;

struct server {
    std::size_t lines; // of threads that succeed each other

    template <class Family, class>
    void operator()(visit& v) const {
        constexpr block_use use{.written = true};
        constexpr std::size_t apart = live + 128 / sizeof(void*);
        void** const places = scratch<void*>(lines * apart);
        const auto& all = made_once([&] {
            std::vector<replacements> made;
            for (std::size_t t = 0; t < lines; ++t)
                made.push_back(
                    draw_replacements(live, pairs, t + 1, [](random_source& r) { return up_to_1k.draw(r); }));
            return made;
        });
        for (std::size_t t = 0; t < lines; ++t)
            allocate_first<Family, use>(places + t * apart, all[t]);
        // They only start the others, one after the other, and wait for them.
        team starters{lines};
        v.repeat([&] {
            const double wall = starters.run([&](std::size_t t, std::uint64_t) {
                for (std::size_t from = 0; from < pairs; from += each)
                    std::thread{[&, from] {
                        replace_blocks<Family, use>(places + t * apart, all[t], from, from + each);
                    }}.join();
            });
            return wall * static_cast<double>(processors_for(lines)) / static_cast<double>(lines * pairs);
        });
        for (std::size_t t = 0; t < lines; ++t)
            free_first<Family, use>(places + t * apart, all[t]);
    }
};

} // namespace

void add_heap_server(std::vector<measurement>& to) {
    const schedule how{.full = {.visits = 8, .calls = 4, .discarded = 1},
                       .quick = plan{.visits = 2, .calls = 2, .discarded = 1}};
    schedule no_quick = how;
    no_quick.quick.reset();
    add_heap_measurement(to, heap_subjects{}, {"server/2"}, 0, how, server{2});
    add_heap_measurement(to, heap_subjects{}, {"server/8"}, 0, no_quick, server{8});
}

} // namespace bench
