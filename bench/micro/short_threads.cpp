#include "micro/short_threads.hpp"
#include "micro/threads.hpp"

namespace bench {

void add_short_threads(std::vector<measurement>& to) {
    using namespace short_threads_detail;
    constexpr demands asks{.live_at_frees = objects};
    const schedule how{.full = {.visits = 10, .calls = 6, .discarded = 1},
                       .quick = plan{.visits = 3, .calls = 4, .discarded = 1}};
    add_measurement<64, asks>(to, shared_subjects{}, {"short/1"}, how, short_threads{1});
    add_measurement<64, asks>(to, shared_subjects{}, {"short/4"}, how, short_threads{4});
}

} // namespace bench
