// The suite `heap`: blocks of any size. See bench/README.md.
#include "micro/heap.hpp"

#include "micro/run_suite.hpp"

namespace {

std::vector<bench::measurement> measurements() {
    std::vector<bench::measurement> all;
    bench::add_heap_churn(all);
    bench::add_heap_growth(all);
    bench::add_heap_large(all);
    bench::add_heap_hand_over(all);
    bench::add_heap_server(all);
    bench::add_heap_short_threads(all);
    bench::add_heap_after_free(all);
    bench::add_heap_drift(all);
    return all;
}

} // namespace

int main(int argc, char** argv) {
    const bench::suite heap{.name = "heap",
                            .description = "Cenote's heap and its peers, blocks of any size",
                            .clock =
                                "steady_clock around a call of one thread and of short threads; else ticks, "
                                "from the moment that all threads are ready to the end of the last",
                            .measurements = measurements,
                            .targets = bench::heap_targets};
    return bench::run_suite(heap, bench::heap_subjects{}, argc, argv);
}
