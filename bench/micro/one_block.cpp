#include "micro/one_block.hpp"

#include "micro/pools.hpp"
#include "micro/pools_subjects.hpp"

namespace bench {

void add_one_block(std::vector<measurement>& to) {
    add_one_block_of<16>(to, pools_subjects{});
    add_one_block_of<64>(to, pools_subjects{});
    add_one_block_of<256>(to, pools_subjects{});
}

} // namespace bench
