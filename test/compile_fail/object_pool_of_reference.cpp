// expect: a pool holds objects: no references, functions or arrays
#include "cenote/object_pool.hpp"

#ifndef CENOTE_FIXED
using object = int&;
#else
using object = int*;
#endif

cenote::object_pool<object> pool;
