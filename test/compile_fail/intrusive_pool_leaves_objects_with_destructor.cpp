// expect: leftovers::leave is for trivially destructible types
#include "cenote/intrusive_pool.hpp"

#include <string>

#ifndef CENOTE_FIXED
constexpr cenote::pool_options options{.at_death = cenote::leftovers::leave};
#else
constexpr cenote::pool_options options{.at_death = cenote::leftovers::abort};
#endif

cenote::intrusive_pool<std::string, options> pool;
