// expect: (use of deleted function|call to (implicitly-)?deleted copy constructor)
#include "cenote/arena.hpp"

#include <utility>

cenote::arena first;
#ifndef CENOTE_FIXED
cenote::arena second{first};
#else
cenote::arena second{std::move(first)};
#endif
