// The suite `heap`: what its files give each other. bench/README.md defines the workloads.
#pragma once

#include "micro/suite.hpp"
#include "peers/cenote_heap.hpp"
#include "peers/glibc.hpp"
#include "peers/jemalloc.hpp"
#include "peers/mimalloc.hpp"
#include "peers/no_malloc.hpp"
#include "peers/tbb.hpp"
#include "peers/tcmalloc.hpp"
#include "support/runner.hpp"
#include "support/targets.hpp"

#include <string>
#include <utility>
#include <vector>

namespace bench {

using heap_mallocs = subject_list<cenote_heap, glibc_malloc, jemalloc, tcmalloc, mimalloc, tbb_scalable>;
// Beside them what the workload costs, where blocks are not written beyond their first 8 bytes.
using heap_subjects =
    subject_list<cenote_heap, no_malloc, glibc_malloc, jemalloc, tcmalloc, mimalloc, tbb_scalable>;

// Rows of blocks of `size` bytes, 0: of many sizes. `T` is no matter: the workload asks the family for bytes.
template <demands Asks = demands{.live_at_frees = 1}, class Subjects, class Workload>
void add_heap_measurement(std::vector<measurement>& to, Subjects subjects, std::vector<std::string> names,
                          std::size_t size, const schedule& how, Workload workload) {
    add_measurement_with<untouched_object<16>, Asks>(to, subjects, std::move(names), size, how,
                                                     std::move(workload));
}

// One thread and two: their workloads are named e.g. replace and replace2.
inline std::string numbered(const std::string& workload, std::size_t threads) {
    return threads == 1 ? workload : workload + std::to_string(threads);
}

void add_heap_churn(std::vector<measurement>& to);         // replace, burst; also sized and written
void add_heap_growth(std::vector<measurement>& to);        // realloc
void add_heap_large(std::vector<measurement>& to);         // large
void add_heap_hand_over(std::vector<measurement>& to);     // handover
void add_heap_server(std::vector<measurement>& to);        // server
void add_heap_short_threads(std::vector<measurement>& to); // short
void add_heap_after_free(std::vector<measurement>& to);    // memory
void add_heap_drift(std::vector<measurement>& to);         // fragmentation

// The workloads of one and of two threads whose geometric mean is "mixed" in the targets; with `suffix`, the rows of
// the same workloads that end in it.
std::vector<std::string> mixed_rows(std::size_t threads, const std::string& suffix = "");

std::vector<target> heap_targets(const std::vector<row>& rows);

} // namespace bench
