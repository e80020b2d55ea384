// Clerks write orders, a broker fills them, each in a process of its own; the orders lie in a segment that both have mapped, and
// the clerks are killed.
#pragma once

#include <cstdint>

namespace shared_orders {

struct answer {
    std::uint64_t filled = 0;   // handed over and filled
    std::uint64_t finished = 0; // left behind by the dead as they should be, and filled
    std::uint64_t dropped = 0;  // left behind half written
    std::uint64_t lots = 0;     // of all that were filled
    bool nothing_lost = false;  // all blocks are free at the end
};

// Of so many clerks, one after the other, each killed after it handed over so many orders.
answer trade(int clerks, std::uint64_t orders);

} // namespace shared_orders
