// uninitialised POOL FAULT: branches on what nobody wrote, or not, for MemorySanitizer.
#include "pools.hpp"

#include <cstdlib>
#include <string_view>

namespace {

using namespace faults;

volatile int ones = 0;
[[gnu::noinline]] int branch_on(const order* p) {
    if (*const_cast<const volatile long*>(&p->fields[1]) == 1) ones = ones + 1;
    return ones;
}

template <class Pool>
int commit(std::string_view fault) {
    Pool pool;
    order* p = make_order(pool);
    if (fault == "fresh") return branch_on(p);
    p->fields[1] = 1;
    int sum = branch_on(p);
    end_order(pool, p);
    if (fault == "destroyed") return sum + branch_on(p);
    // Through all that a pool does with blocks: many, some again, given back, visited by nobody.
    order* orders[500];
    for (int round = 0; round != 3; ++round) {
        for (order*& o : orders)
            o = make_order(pool);
        if (fault == "recycled") return sum + branch_on(orders[0]);
        for (order* o : orders) {
            o->fields[1] = round;
            sum += branch_on(o);
        }
        for (order* o : orders)
            end_order(pool, o);
    }
    return sum;
}

} // namespace

int main(int argc, char** argv) {
    return run(argc, argv, []<class Pool>(std::string_view fault) { return commit<Pool>(fault); });
}
