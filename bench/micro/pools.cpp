// The suite `pools`: one thread, equal blocks. See bench/README.md.
#include "micro/pools.hpp"

#include "micro/pools_subjects.hpp"
#include "micro/run_suite.hpp"

namespace {

std::vector<bench::measurement> measurements() {
    std::vector<bench::measurement> all;
    bench::add_one_block(all);
    bench::add_fill_and_drain(all);
    bench::add_replace(all);
    bench::add_list_walk(all);
    bench::add_tail(all);
    bench::add_resident(all);
    return all;
}

} // namespace

int main(int argc, char** argv) {
    const bench::suite pools{
        .name = "pools",
        .description = "Cenote's pools and their peers, one thread, equal blocks",
        .clock = "steady_clock around a call of many operations; ticks around each operation in W7, less the "
                 "median of an empty interval",
        .measurements = measurements,
        .targets = bench::pools_targets};
    return bench::run_suite(pools, bench::pools_subjects{}, argc, argv);
}
