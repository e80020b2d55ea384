// What `cenote advise` makes of traces that nobody wrote: whatever they say, no more is live than was asked for, magazines exchange no
// more often than they are called, and the classes of a profile reach as far as the heap's.
#include "fuzz/trace_file.hpp"

#include "tool/advise/magazine_choice.hpp"
#include "tool/advise/sites.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace cenote_fuzz {
namespace {

void check(const demand& of) {
    for (const step_demand& each : of.of) {
        require(each.at_peak <= each.requests, "more live than were asked for");
        require(each.on_average >= 0 && each.on_average <= static_cast<double>(each.requests) * 1.001,
                "more live on average than were asked for");
    }
}

void check(const std::vector<magazine_use>& all) {
    for (const magazine_use& each : all)
        require(each.exchanges <= each.calls, "more exchanges than calls");
}

void advise_on(trace_reader& trace, std::size_t file_bytes) {
    const demand of = read_demand(trace);
    check(of);
    // Most of the time goes into that.
    const class_sizes chosen = file_bytes % 64 == 0 ? choose_classes(of, 88) : usual_classes();
    require(std::is_sorted(chosen.begin(), chosen.end()) && chosen.back() == usual_classes().back(),
            "no classes that the heap takes");
    const magazine_choice magazines = choose_magazines(trace, of, chosen);
    require(magazines.then.size() == chosen.size(), "not a magazine for each class");
    check(magazines.now);
    check(magazines.then);
    for (const call_site_use& each : read_call_sites(trace)) {
        require(each.died <= each.samples, "more died than were made");
        require(each.deaths <= each.died && each.elsewhere <= each.died, "more deaths than died");
        require(std::isfinite(each.lifetime) && each.lifetime <= 0x1p64, "a lifetime that none had");
    }
}

} // namespace
} // namespace cenote_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    cenote_fuzz::read_made_file(data, size, cenote_fuzz::advise_on);
    return 0;
}
