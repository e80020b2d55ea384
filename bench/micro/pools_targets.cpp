// What object_pool is to reach, 64-byte blocks, all ratios of minima in one run.
#include "micro/pools.hpp"
#include "micro/pools_subjects.hpp"
#include "micro/target_list.hpp"

namespace bench {

std::vector<target> pools_targets(const std::vector<row>& rows) {
    target_list t{rows, object_pool::name};
    t.over_best_peer("W1 over the best peer", "W1", 1.10);
    t.over_best_peer("W2 1,000 random over the best peer", "W2/1k/random", 0.45);
    t.over("W2 1,000,000 random", "W2/1M/random", zig_style::name, 0.05);
    t.over("W2 1,000,000 random", "W2/1M/random", mimalloc::name, 0.55);
    t.over_best_peer("W3 warm over the best peer", "W3", 1.05);
    t.over_best_peer("W3b warm over the best peer", "W3b", 0.65);
    t.over_best_peer("W6 build and walk over the best peer", "W6", 0.70);
    t.over("W7 p99.99 of create and destroy", "W7/p99.99", boost_pool::name, 1.0);
    t.over("W7b p99.99, bursts of 1 to 20,000,", "W7b/p99.99", boost_pool::name, 1.5);
    t.over("W7b p99.99, bursts of 1 to 20,000,", "W7b/p99.99", jemalloc::name, 0.3);
    t.figure("Bytes per live object at 1,000,000", "memory", 64.7);
    t.growth("W2 random, 10,000,000 live over 10,000", "W2/10M/random", "W2/10k/random");
    std::vector<target> all;
    t.append_to(all);
    return all;
}

} // namespace bench
