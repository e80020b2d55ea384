// The suite `threads`: what its files give each other. bench/README.md defines the workloads.
#pragma once

#include "peers/cenote_heap.hpp"
#include "peers/cenote_shared.hpp"
#include "peers/glibc.hpp"
#include "peers/jemalloc.hpp"
#include "peers/limit.hpp"
#include "peers/mimalloc.hpp"
#include "peers/no_allocator.hpp"
#include "peers/shared_lists.hpp"
#include "peers/tbb.hpp"
#include "peers/tcmalloc.hpp"
#include "support/runner.hpp"
#include "support/targets.hpp"

#include <vector>

namespace bench {

// Who takes part where threads share a pool, and, with one thread, beside object_pool.
using shared_subjects =
    subject_list<cached_pool, static_cached_pool, locked_pool, lockfree_pool, cenote_heap, unshared,
                 no_allocator, mutex_list, untagged_list, boost_lockfree_list, boost_singleton_pool,
                 pmr_synchronized_pool, tbb_scalable, glibc_malloc, jemalloc, tcmalloc, mimalloc>;
using alone_subjects =
    subject_list<object_pool, cached_pool, static_cached_pool, locked_pool, lockfree_pool, cenote_heap, limit,
                 mutex_list, untagged_list, boost_lockfree_list, boost_singleton_pool, pmr_synchronized_pool,
                 tbb_scalable, glibc_malloc, jemalloc, tcmalloc, mimalloc>;

void add_alone(std::vector<measurement>& to);          // W1, W3, W3b: one thread
void add_churn_together(std::vector<measurement>& to); // W4, W4b
void add_hand_over(std::vector<measurement>& to);      // W5, W5n
void add_short_threads(std::vector<measurement>& to);  // short
void add_tail_together(std::vector<measurement>& to);  // W7, W7b: two threads

std::vector<target> threads_targets(const std::vector<row>& rows);

} // namespace bench
