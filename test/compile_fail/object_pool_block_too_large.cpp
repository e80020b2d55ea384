// expect: blocks are at most 64 MiB
#include "cenote/object_pool.hpp"

struct large {
#ifndef CENOTE_FIXED
    char bytes[(64 << 20) + 1];
#else
    char bytes[64 << 20];
#endif
};

cenote::object_pool<large> pool;
