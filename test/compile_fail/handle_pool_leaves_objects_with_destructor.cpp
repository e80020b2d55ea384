// expect: leftovers::leave is for trivially destructible types
#include "cenote/handle_pool.hpp"

#include <string>

constexpr cenote::pool_options leave{.at_death = cenote::leftovers::leave};
#ifndef CENOTE_FIXED
cenote::handle_pool<std::string, leave> pool;
#else
cenote::handle_pool<int, leave> pool;
#endif
