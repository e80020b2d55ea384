// What cached_pool and lockfree_pool are to reach, 64-byte blocks, all ratios of minima in one run.
#include "micro/target_list.hpp"
#include "micro/threads.hpp"

namespace bench {

std::vector<target> threads_targets(const std::vector<row>& rows) {
    std::vector<target> all;
    target_list cached{rows, cached_pool::name};
    cached.over_best_peer(
        "W1 over the best malloc", "W1", 0.25,
        {glibc_malloc::name, jemalloc::name, tcmalloc::name, mimalloc::name, tbb_scalable::name});
    cached.over("W3 warm, one thread,", "W3", object_pool::name, 1.10);
    cached.over_best_peer("W4, 2 threads, over the best peer", "W4/2", 0.50);
    cached.over("W4, 2 threads,", "W4/2", unshared::name, 1.35);
    cached.over_best_peer("W4b, 2 threads, over the best peer", "W4b/2", 0.45);
    cached.over("W5", "W5", mimalloc::name, 0.15);
    cached.over("W5, 64 at a time,", "W5/64", mimalloc::name, 0.15);
    cached.over("W4, 32 threads,", "W4/32", unshared::name, 1.25);
    cached.median_over("W4, 32 threads, worst stall", "W4/32/stall", unshared::name, 1.0);
    cached.append_to(all);
    target_list lockfree{rows, lockfree_pool::name};
    lockfree.over("lockfree_pool, W4, 2 threads,", "W4/2", boost_lockfree_list::name, 1.0);
    lockfree.append_to(all);
    return all;
}

} // namespace bench
