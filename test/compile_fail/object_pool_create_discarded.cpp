// expect: ignoring return value
#include "cenote/object_pool.hpp"

void leak(cenote::object_pool<int>& pool) {
#ifndef CENOTE_FIXED
    pool.create(42);
#else
    pool.destroy(pool.create(42));
#endif
}
