// What the heap is to reach; ratios are of minima, or of geometric means of minima, in one run.
#include "micro/heap.hpp"
#include "micro/target_list.hpp"

namespace bench {

std::vector<target> heap_targets(const std::vector<row>& rows) {
    constexpr std::size_t many_sizes = 0;
    target_list t{rows, cenote_heap::name, many_sizes};
    const std::string mixed =
        ": geometric mean of replace and burst, 1k and 100k live, up to 1 KiB and up to 64 KiB, "
        "over the best peer's";
    t.mean_over_best_peer("One thread, mixed" + mixed, mixed_rows(1), 0.85);
    t.mean_over_best_peer("Two threads, mixed" + mixed, mixed_rows(2), 0.80);
    t.over("Producer and consumer", "handover", mimalloc::name, 0.35);
    t.over("Producer and consumer, 64 at a time,", "handover/64", mimalloc::name, 0.35);
    t.figure("MiB above start after 200 MiB were freed, threads ended", "memory/threads", 8);
    t.figure("MiB above start after 200 MiB were freed, main thread still calling", "memory/main", 8);
    t.mean_over_best_peer("One thread, mixed, each block written, over the best peer's",
                          mixed_rows(1, "/written"), {});
    t.mean_over_best_peer("Two threads, mixed, each block written, over the best peer's",
                          mixed_rows(2, "/written"), {});
    std::vector<target> all;
    t.append_to(all);
    return all;
}

} // namespace bench
