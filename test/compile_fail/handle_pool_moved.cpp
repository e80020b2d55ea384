// expect: (use of deleted function|call to deleted constructor)
#include "cenote/handle_pool.hpp"

#include <utility>

cenote::handle_pool<int> first;
#ifndef CENOTE_FIXED
cenote::handle_pool<int> second{std::move(first)};
#else
cenote::handle_pool<int> second;
#endif
