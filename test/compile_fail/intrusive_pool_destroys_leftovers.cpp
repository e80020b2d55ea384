// expect: a free list does not know which objects are alive: use object_pool
#include "cenote/intrusive_pool.hpp"

#ifndef CENOTE_FIXED
constexpr cenote::pool_options options{.at_death = cenote::leftovers::destroy};
#else
constexpr cenote::pool_options options{.at_death = cenote::leftovers::leave};
#endif

cenote::intrusive_pool<int, options> pool;
