// expect: (use of deleted function|call to (implicitly-)?deleted copy constructor)
#include "cenote/block_pool.hpp"

#include <utility>

cenote::block_pool<> first{100};
#ifndef CENOTE_FIXED
cenote::block_pool<> second{first};
#else
cenote::block_pool<> second{std::move(first)};
#endif
