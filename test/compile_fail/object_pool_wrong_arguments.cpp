// expect: (no matching|no known conversion|invalid conversion|cannot (convert|initialize))
#include "cenote/object_pool.hpp"

#ifndef CENOTE_FIXED
constexpr const char* argument = "text";
#else
constexpr int argument = 42;
#endif

int* make(cenote::object_pool<int>& pool) { return pool.create(argument); }
