// expect: (invalid conversion|cannot (convert|initialize))
#include "cenote/object_pool.hpp"

void destroy(cenote::object_pool<int>& pool) {
#ifndef CENOTE_FIXED
    double* p = nullptr;
#else
    int* p = nullptr;
#endif
    pool.destroy(p);
}
