// expect: (no viable conversion|could not convert|cannot convert|no matching|cannot initialize)
#include "cenote/object_pool.hpp"

void drop(cenote::object_pool<int>& pool) {
#ifndef CENOTE_FIXED
    pool.reset(4096);
#else
    pool.reset(cenote::reset_mode::retain_with_limit(4096));
#endif
}
