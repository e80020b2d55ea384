// expect: pool_options::alignment is a power of two
#include "cenote/object_pool.hpp"

#ifndef CENOTE_FIXED
constexpr cenote::pool_options options{.alignment = 3};
#else
constexpr cenote::pool_options options{.alignment = 4};
#endif

cenote::object_pool<char, options> pool;
