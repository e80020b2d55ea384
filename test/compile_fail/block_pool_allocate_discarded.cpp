// expect: ignoring return value
#include "cenote/block_pool.hpp"

void leak(cenote::block_pool<>& pool) {
#ifndef CENOTE_FIXED
    pool.allocate();
#else
    pool.deallocate(pool.allocate());
#endif
}
