// expect: a pool holds objects: no references, functions or arrays
#include "cenote/object_pool.hpp"

#ifndef CENOTE_FIXED
using object = void;
#else
using object = void*;
#endif

cenote::object_pool<object> pool;
