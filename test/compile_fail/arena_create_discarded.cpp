// expect: ignoring return value
#include "cenote/arena.hpp"

int use(cenote::arena& arena) {
#ifndef CENOTE_FIXED
    arena.create<int>(42);
    return 42;
#else
    return *arena.create<int>(42);
#endif
}
