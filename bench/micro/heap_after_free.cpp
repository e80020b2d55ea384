// memory: what stays resident after 200 MiB of mixed sizes up to 64 KiB were written and freed, in random order: by
// four threads that then end (`threads`), by the main thread (`main`), which then allocates and frees a block of 100
// bytes every millisecond, or does nothing any more (`silent`). The figure is taken after twice the subject's decay,
// but after 1.2 s at most, or where it documents none; it is of the process, less what was resident before the first
// call.
#include "micro/heap.hpp"
#include "micro/heap_blocks.hpp"
#include "support/resident.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <latch>
#include <numeric>
#include <span>
#include <thread>

namespace bench {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t total = 200 * 1024 * 1024; // bytes
constexpr std::size_t threads = 4;
constexpr milliseconds longest_wait{1'200};

template <class Family>
milliseconds wait_for() {
    return Family::decay.count() == 0 ? longest_wait : std::min(2 * Family::decay, longest_wait);
}

// The sizes, the order of the frees, and room for the pointers, all of it resident before a subject's first call.
struct load {
    std::vector<std::uint32_t> sizes;
    std::vector<std::uint32_t> order;
    std::vector<void*> blocks;
};

load draw_load(std::size_t bytes, std::uint64_t seed) {
    load drawn;
    random_source random{seed};
    for (std::size_t sum = 0; sum < bytes; sum += drawn.sizes.back())
        drawn.sizes.push_back(up_to_64k.draw(random));
    append_permutation(drawn.order, drawn.sizes.size(), random);
    drawn.blocks.resize(drawn.sizes.size());
    return drawn;
}

template <class Family>
void allocate_all(load& l) {
    for (std::size_t i = 0; i < l.sizes.size(); ++i) {
        l.blocks[i] = Family::allocate(l.sizes[i]);
        std::memset(l.blocks[i], 1, l.sizes[i]);
    }
}

template <class Family>
void free_all(const load& l) {
    for (const std::uint32_t i : l.order)
        Family::deallocate(l.blocks[i]);
}

// All blocks of all threads are live before the first is freed.
template <class Family>
void by_threads(std::span<load> loads) {
    std::latch full{static_cast<std::ptrdiff_t>(loads.size())};
    std::vector<std::jthread> workers;
    for (load& l : loads)
        workers.emplace_back([&] {
            allocate_all<Family>(l);
            full.arrive_and_wait();
            free_all<Family>(l);
        });
}

template <class Family>
void call_now_and_then(milliseconds how_long) {
    const auto end = std::chrono::steady_clock::now() + how_long;
    while (std::chrono::steady_clock::now() < end) {
        void* p = Family::allocate(100);
        keep(p);
        Family::deallocate(p);
        std::this_thread::sleep_for(milliseconds{1});
    }
}

struct after_free {
    bool in_threads;
    bool silent;

    template <class Family, class>
    void operator()(visit& v) const {
        v.repeat([&] {
            const std::size_t parts = in_threads ? threads : 1;
            std::vector<load> loads;
            for (std::size_t t = 0; t < parts; ++t)
                loads.push_back(draw_load(total / parts, t + 1));
            keep_stacks();
            const std::size_t before = resident_bytes();
            if (in_threads) {
                by_threads<Family>(loads);
            } else {
                allocate_all<Family>(loads.front());
                free_all<Family>(loads.front());
            }
            if (silent) {
                std::this_thread::sleep_for(wait_for<Family>());
            } else {
                call_now_and_then<Family>(wait_for<Family>());
            }
            const std::size_t after = resident_bytes();
            return after > before ? static_cast<double>(after - before) / (1024 * 1024) : 0.0;
        });
    }

private:
    // The C library keeps the stacks of threads that ended: here before the start, or they would count.
    static void keep_stacks() {
        std::latch all_started{threads};
        std::vector<std::jthread> workers;
        for (std::size_t t = 0; t < threads; ++t)
            workers.emplace_back([&] { all_started.arrive_and_wait(); });
    }
};

} // namespace

void add_heap_after_free(std::vector<measurement>& to) {
    const plan once{.visits = 1, .calls = 1, .discarded = 0};
    const schedule full_only{.full = once, .quick = {}, .apart = true, .counts = unit::mebibytes};
    schedule also_quick = full_only;
    also_quick.quick = once;
    add_heap_measurement(to, heap_mallocs{}, {"memory/threads"}, 0, full_only, after_free{true, false});
    add_heap_measurement(to, heap_mallocs{}, {"memory/main"}, 0, also_quick, after_free{false, false});
    add_heap_measurement(to, heap_mallocs{}, {"memory/silent"}, 0, full_only, after_free{false, true});
}

} // namespace bench
