// expect: leftovers::leave is for trivially destructible types
#include "cenote/object_pool.hpp"

#include <string>

#ifndef CENOTE_FIXED
using object = std::string;
#else
using object = const char*;
#endif

cenote::object_pool<object, cenote::pool_options{.at_death = cenote::leftovers::leave}> pool;
