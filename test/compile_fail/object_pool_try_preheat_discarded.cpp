// expect: ignoring return value
#include "cenote/object_pool.hpp"

bool preheated(cenote::object_pool<int>& pool) {
#ifndef CENOTE_FIXED
    pool.try_preheat(100);
    return true;
#else
    return pool.try_preheat(100);
#endif
}
