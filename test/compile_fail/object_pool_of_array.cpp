// expect: a pool holds objects: no references, functions or arrays
#include "cenote/object_pool.hpp"

#include <array>

#ifndef CENOTE_FIXED
using object = int[3];
#else
using object = std::array<int, 3>;
#endif

cenote::object_pool<object> pool;
