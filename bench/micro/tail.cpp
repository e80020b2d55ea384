#include "micro/tail.hpp"

#include "micro/pools.hpp"
#include "micro/pools_subjects.hpp"

namespace bench {

void add_tail(std::vector<measurement>& to) {
    add_tail_of<16>(to, pools_subjects{});
    add_tail_of<64>(to, pools_subjects{});
    add_tail_of<256>(to, pools_subjects{});
}

} // namespace bench
