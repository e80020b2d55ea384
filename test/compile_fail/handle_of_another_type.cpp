// expect: (could not convert|cannot convert|no matching|no viable conversion)
#include "cenote/handle_pool.hpp"

void use(cenote::handle_pool<int>& pool, cenote::handle<int> right, cenote::handle<long> wrong) {
#ifndef CENOTE_FIXED
    pool.destroy(wrong);
#else
    pool.destroy(right);
#endif
    (void)right;
    (void)wrong;
}
