// expect: (ignoring return value|nodiscard)
#include "cenote/pool_allocator.hpp"

void use(cenote::pool_allocator<int> a) {
#ifndef CENOTE_FIXED
    a.allocate(1);
#else
    (void)a.allocate(1);
#endif
}
