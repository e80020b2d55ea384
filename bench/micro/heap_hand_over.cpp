// handover: one thread allocates, another frees, mixed sizes up to 1 KiB; through a ring of pointers published one or
// 64 at a time. short: threads that come, allocate 1,000 blocks of such sizes, free them and end.
#include "micro/hand_over.hpp"
#include "micro/heap.hpp"
#include "micro/heap_mixed_pool.hpp"
#include "micro/short_threads.hpp"

namespace bench {
namespace {

using subjects = mixed_pools<heap_subjects>::list;
using written_subjects = mixed_pools<heap_subjects, true>::list;

} // namespace

void add_heap_hand_over(std::vector<measurement>& to) {
    using namespace hand_over_detail;
    const schedule how{.full = {.visits = 6, .calls = 3, .discarded = 1},
                       .quick = plan{.visits = 2, .calls = 2, .discarded = 1}};
    schedule no_quick = how;
    no_quick.quick.reset();
    add_heap_measurement(to, subjects{}, {"handover"}, 0, how, hand_over<1>{});
    add_heap_measurement(to, subjects{}, {"handover/64"}, 0, how, hand_over<at_a_time>{});
    add_heap_measurement(to, written_subjects{}, {"handover/written"}, 0, no_quick, hand_over<1>{});
}

void add_heap_short_threads(std::vector<measurement>& to) {
    using namespace short_threads_detail;
    const schedule how{.full = {.visits = 10, .calls = 6, .discarded = 1},
                       .quick = plan{.visits = 2, .calls = 2, .discarded = 1}};
    add_heap_measurement(to, subjects{}, {"short/1"}, 0, how, short_threads{1});
    add_heap_measurement(to, subjects{}, {"short/4"}, 0, how, short_threads{4});
}

} // namespace bench
