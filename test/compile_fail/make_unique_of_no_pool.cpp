// expect: (constraint|no matching function)
#include "cenote/arena.hpp"
#include "cenote/object_pool.hpp"
#include "cenote/smart_ptr.hpp"

void use(cenote::arena& arena, cenote::object_pool<int>& pool) {
#ifndef CENOTE_FIXED
    auto p = cenote::make_unique(arena, 1);
#else
    auto p = cenote::make_unique(pool, 1);
#endif
    (void)arena;
    (void)pool;
}
