// The suite `threads`: equal blocks that several threads share. See bench/README.md.
#include "micro/threads.hpp"

#include "micro/run_suite.hpp"

namespace {

std::vector<bench::measurement> measurements() {
    std::vector<bench::measurement> all;
    bench::add_alone(all);
    bench::add_churn_together(all);
    bench::add_hand_over(all);
    bench::add_short_threads(all);
    bench::add_tail_together(all);
    return all;
}

} // namespace

int main(int argc, char** argv) {
    const bench::suite threads{
        .name = "threads",
        .description = "Cenote's pools for many threads, and their peers",
        .clock = "steady_clock around a call of one thread and of short threads; else ticks, "
                 "from the moment that all threads are ready to the end of the last; ticks "
                 "around each operation in W7 and W7b",
        .measurements = measurements,
        .targets = bench::threads_targets};
    return bench::run_suite(threads, bench::shared_subjects{}, argc, argv);
}
