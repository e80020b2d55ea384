// expect: intrusive_pool holds objects: no references, functions or arrays
#include "cenote/intrusive_pool.hpp"

#ifndef CENOTE_FIXED
using object = int&;
#else
using object = int*;
#endif

cenote::intrusive_pool<object> pool;
