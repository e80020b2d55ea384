// expect: ignoring return value
#include "cenote/object_pool.hpp"

void leak(cenote::object_pool<int>& pool) {
#ifndef CENOTE_FIXED
    pool.try_create(42);
#else
    pool.destroy(pool.try_create(42));
#endif
}
