// large: 32 live blocks of 100 KiB to 4 MiB, as many in each doubling; a random one is freed and another allocated in
// its place, which is written to at the start of each OS page. By one thread, or by two with 32 each.
#include "micro/heap.hpp"
#include "micro/heap_blocks.hpp"

#include <cmath>

namespace bench {
namespace {

constexpr std::size_t live = 32;
constexpr std::size_t pairs = 256; // in one call, of each thread
constexpr std::size_t page = 4096;

std::uint32_t draw_large(random_source& random) {
    constexpr double least = 100 * 1024;
    constexpr double most = 4 * 1024 * 1024;
    const double share = static_cast<double>(random.below(1U << 20)) / (1U << 20);
    return static_cast<std::uint32_t>(least * std::pow(most / least, share));
}

template <class Family>
void* allocate_touched(std::uint32_t bytes) {
    auto* p = static_cast<std::byte*>(Family::allocate(bytes));
    keep(p);
    for (std::size_t at = 0; at < bytes; at += page)
        p[at] = std::byte{1};
    return p;
}

template <class Family>
[[gnu::noinline]] void replace_touched(void** places, const replacements& all) {
    for (std::size_t i = 0; i < pairs; ++i) {
        void*& place = places[all.index[i]];
        Family::deallocate(place);
        settle();
        place = allocate_touched<Family>(all.size[i]);
    }
}

struct large_blocks {
    std::size_t threads;

    template <class Family, class>
    void operator()(visit& v) const {
        const auto& all = made_once([&] {
            std::vector<replacements> made;
            for (std::size_t t = 0; t < threads; ++t)
                made.push_back(draw_replacements(live, pairs, t + 1, draw_large));
            return made;
        });
        void** const places = scratch<void*>(threads * live);
        crew workers{threads};
        workers.run([&](std::size_t t) {
            for (std::size_t i = 0; i < live; ++i)
                places[t * live + i] = allocate_touched<Family>(all[t].first[i]);
        });
        v.repeat([&] {
            const double wall =
                workers.run([&](std::size_t t) { replace_touched<Family>(places + t * live, all[t]); });
            return wall * static_cast<double>(processors_for(threads)) / static_cast<double>(threads * pairs);
        });
        workers.run([&](std::size_t t) {
            for (std::size_t i = 0; i < live; ++i)
                Family::deallocate(places[t * live + i]);
        });
    }
};

} // namespace

void add_heap_large(std::vector<measurement>& to) {
    const schedule how{.full = {.visits = 6, .calls = 4, .discarded = 1},
                       .quick = plan{.visits = 1, .calls = 2, .discarded = 1}};
    for (const std::size_t threads : {1U, 2U})
        add_heap_measurement(to, heap_mallocs{}, {numbered("large", threads)}, 0, how, large_blocks{threads});
}

} // namespace bench
