// expect: no matching (function|constructor)
#include "cenote/pool_allocator.hpp"

#include <list>

cenote::pool_family family;
#ifndef CENOTE_FIXED
std::list<int, cenote::pool_allocator<int>> numbers;
void use() { numbers = {}; }
#else
std::list<int, cenote::pool_allocator<int>> numbers{family};
#endif
