// expect: (use of deleted function|call to (implicitly-)?deleted copy constructor)
#include "cenote/object_pool.hpp"

#include <utility>

cenote::object_pool<int> first;
#ifndef CENOTE_FIXED
cenote::object_pool<int> second{first};
#else
cenote::object_pool<int> second{std::move(first)};
#endif
