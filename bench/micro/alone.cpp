// W1 and W3 of the suite `pools`, with the subjects that threads may share: what that costs one thread.
#include "micro/one_block.hpp"
#include "micro/replace.hpp"
#include "micro/threads.hpp"

namespace bench {

void add_alone(std::vector<measurement>& to) {
    add_one_block_of<64>(to, alone_subjects{});
    add_replace_of<64>(to, alone_subjects{});
}

} // namespace bench
