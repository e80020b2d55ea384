#include "micro/replace.hpp"

#include "micro/pools.hpp"
#include "micro/pools_subjects.hpp"

namespace bench {
namespace {

// W3 with other numbers of live objects.
template <std::size_t Live, bool Written>
void add_live(std::vector<measurement>& to, const std::string& workload, const schedule& how) {
    add_measurement<64, demands{.live_at_frees = Live, .written = Written}>(
        to, pools_subjects{}, {workload}, how, replace_detail::replace{.bursts = false, .live_count = Live});
}

template <bool Written>
void add_growth(std::vector<measurement>& to, const std::string& suffix) {
    const schedule cached{.full = {.visits = 10, .calls = 8, .discarded = 3},
                          .quick = plan{.visits = 3, .calls = 4, .discarded = 3}};
    // From here on it is the objects that take the time. A process for each: mallocs keep what they had of the OS, and all
    // together would take ten gigabytes.
    const schedule large{.full = {.visits = 4, .calls = 8, .discarded = 2},
                         .quick = plan{.visits = 1, .calls = 2, .discarded = 1},
                         .apart = true};
    const schedule largest{.full = {.visits = 3, .calls = 8, .discarded = 2}, .quick = {}, .apart = true};
    add_live<1'000, Written>(to, "W3/1k" + suffix, cached);
    add_live<10'000, Written>(to, "W3/10k" + suffix, cached);
    add_live<1'000'000, Written>(to, "W3/1M" + suffix, large);
    add_live<10'000'000, Written>(to, "W3/10M" + suffix, largest);
}

} // namespace

void add_replace(std::vector<measurement>& to) {
    add_replace_of<16>(to, pools_subjects{});
    add_replace_of<64>(to, pools_subjects{});
    add_replace_of<256>(to, pools_subjects{});
    add_growth<false>(to, "");
    add_growth<true>(to, "/written");
}

} // namespace bench
