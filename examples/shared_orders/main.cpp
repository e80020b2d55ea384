// Orders that several processes share, of which some are killed: none is lost that was handed over, and no memory is. Then what an
// object costs that other processes can see, and whose owner may die: one run, interleaved.
//
//     shared_orders [--quick]
#include "../support/measure.hpp"
#include "trade.hpp"

#include <cenote/cached_pool.hpp>
#include <cenote/shared_segment_pool.hpp>

// It takes long to compile, and its time means nothing without optimisation.
#if defined(NDEBUG) && __has_include(<boost/interprocess/managed_shared_memory.hpp>)
#define SHARED_ORDERS_BOOST 1
#include <boost/interprocess/managed_shared_memory.hpp>
#endif

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

struct order {
    std::uint64_t of[8];
};

struct subject {
    std::string name;
    std::function<void(int)> pairs; // create one, destroy the oldest of `live`
    std::vector<double> seconds = {};
};

// Makes and ends objects in a ring of `live`, through make() and end(what).
template <class Thing, class Make, class End>
std::function<void(int)> ring(std::size_t live, Make make, End end) {
    auto things = std::make_shared<std::vector<Thing>>();
    for (std::size_t i = 0; i != live; ++i)
        things->push_back(make());
    return [=, at = std::size_t{0}](int count) mutable {
        for (int i = 0; i != count; ++i) {
            end((*things)[at]);
            (*things)[at] = make();
            at = at + 1 == live ? 0 : at + 1;
        }
    };
}

void measure_pairs(std::size_t live, int rounds, int count) {
    const auto cached = std::make_shared<cenote::cached_pool<order>>();
    const auto segment = std::make_shared<cenote::shared_segment_pool<order>>(
        nullptr, cenote::segment_options{.capacity = live + live / 4});
    std::vector<subject> subjects{
        {"cached_pool, one process",
         ring<order*>(
             live, [cached] { return cached->create(order{}); }, [cached](order* o) { cached->destroy(o); })},
        {"shared_segment_pool", ring<cenote::handle<order>>(
                                    live, [segment] { return segment->create(order{}); },
                                    [segment](cenote::handle<order> h) { segment->destroy(h); })},
    };
#ifdef SHARED_ORDERS_BOOST
    namespace ipc = boost::interprocess;
    const std::string name = "cenote-shared-orders-" + std::to_string(::getpid());
    const auto managed = std::make_shared<ipc::managed_shared_memory>(
        ipc::create_only, name.c_str(), live * 2 * (sizeof(order) + 32) + 65536);
    ipc::shared_memory_object::remove(name.c_str()); // the name; the memory goes with the mapping
    subjects.push_back({"Boost.Interprocess, managed segment",
                        ring<order*>(
                            live, [managed] { return managed->construct<order>(ipc::anonymous_instance)(); },
                            [managed](order* o) { managed->destroy_ptr(o); })});
#endif
    measure::timed(rounds, count, subjects, [count](subject& s) { s.pairs(count); });
    std::printf("\n%zu alive\n\n", live);
    measure::print_head({"memory", "create and destroy, over cached_pool's", "ns"});
    const double yardstick = measure::median(subjects.front().seconds);
    for (const subject& s : subjects) {
        const double pair = measure::median(s.seconds);
        measure::print_row({s.name, measure::number(pair / yardstick), measure::number(pair * 1e9, 1)});
    }
}

} // namespace

int main(int count, char** arguments) {
    if (!cenote::shared_memory::supported) return 77;
    const bool quick = measure::quick(count, arguments);
    const shared_orders::answer a = shared_orders::trade(quick ? 5 : 50, 200);
    std::printf("answer: %llu filled, %llu finished, %llu dropped, %llu lots: %s\n",
                static_cast<unsigned long long>(a.filled), static_cast<unsigned long long>(a.finished),
                static_cast<unsigned long long>(a.dropped), static_cast<unsigned long long>(a.lots),
                a.nothing_lost ? "nothing lost" : "MEMORY LOST");
    for (const std::size_t live : {std::size_t{1'000}, std::size_t{100'000}})
        if (!quick || live == 1'000) measure_pairs(live, quick ? 3 : 31, quick ? 1'000 : 100'000);
    return a.nothing_lost ? 0 : 1;
}
