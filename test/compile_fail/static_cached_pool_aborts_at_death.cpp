// expect: a static pool never dies
#include "cenote/cached_pool.hpp"

#ifndef CENOTE_FIXED
constexpr cenote::pool_options options{.at_death = cenote::leftovers::abort};
#else
constexpr cenote::pool_options options{};
#endif

struct tag;
cenote::static_cached_pool<int, tag, options> pool;
