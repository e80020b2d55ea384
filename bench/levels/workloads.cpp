// What the suites `pools` and `threads` do, at the level of checks that this file is compiled with. It is compiled once for each:
// pools of different levels are different types, and may be in one program.
#include "levels.hpp"

#include "cenote/cenote.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

namespace bench::levels {
namespace {

using object = std::array<std::uint64_t, object_size / sizeof(std::uint64_t)>;

template <class Pool>
std::size_t one_block(std::size_t pairs) {
    Pool pool;
    for (std::size_t i = 0; i != pairs; ++i) {
        object* const p = pool.create();
        asm volatile("" : : "r"(p) : "memory");
        pool.destroy(p);
    }
    return pairs;
}

template <class Pool, std::size_t Count>
std::size_t fill_and_drain_at_random(std::size_t pairs) {
    Pool pool;
    std::vector<object*> all(Count);
    std::vector<std::uint32_t> order(Count);
    std::iota(order.begin(), order.end(), 0U);
    std::shuffle(order.begin(), order.end(), std::mt19937{7});
    std::size_t done = 0;
    for (; done < pairs; done += Count) {
        for (object*& p : all)
            (*(p = pool.create()))[0] = done;
        for (const std::uint32_t i : order)
            pool.destroy(all[i]);
    }
    return done;
}

// One thread creates, another destroys.
template <class Pool>
std::size_t hand_over(std::size_t pairs) {
    Pool pool;
    constexpr std::size_t room = 1024;
    std::vector<std::atomic<object*>> ring(room);
    std::thread taker{[&] {
        for (std::size_t i = 0; i != pairs; ++i) {
            object* p;
            // Acquire: pairs with the release below, so that the object is whole.
            while ((p = ring[i % room].exchange(nullptr, std::memory_order_acquire)) == nullptr)
                std::this_thread::yield();
            pool.destroy(p);
        }
    }};
    for (std::size_t i = 0; i != pairs; ++i) {
        object* const p = pool.create();
        object* none = nullptr;
        // Release: pairs with the acquire above.
        while (!ring[i % room].compare_exchange_weak(none, p, std::memory_order_release)) {
            none = nullptr;
            std::this_thread::yield();
        }
    }
    taker.join();
    return pairs;
}

using alone = cenote::object_pool<object>;
using shared = cenote::cached_pool<object>;

constexpr workload all[workload_count] = {
    {"pools: one block", one_block<alone>, 20'000'000},
    {"pools: 1,000 at random", fill_and_drain_at_random<alone, 1'000>, 4'000'000},
    {"pools: 100,000 at random", fill_and_drain_at_random<alone, 100'000>, 4'000'000},
    {"threads: one block", one_block<shared>, 20'000'000},
    {"threads: 1,000 at random", fill_and_drain_at_random<shared, 1'000>, 4'000'000},
    {"threads: hand over", hand_over<shared>, 1'000'000},
};

} // namespace

template <>
const workload* workloads<CENOTE_CHECKS>() {
    return all;
}

} // namespace bench::levels
