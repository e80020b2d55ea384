#include "micro/replace.hpp"

#include "micro/pools.hpp"
#include "micro/pools_subjects.hpp"

namespace bench {

void add_replace(std::vector<measurement>& to) {
    add_replace_of<16>(to, pools_subjects{});
    add_replace_of<64>(to, pools_subjects{});
    add_replace_of<256>(to, pools_subjects{});
}

} // namespace bench
