// expect: allocate_unique makes one object
#include "cenote/pool_allocator.hpp"
#include "cenote/smart_ptr.hpp"

void use(cenote::pool_allocator<int> a) {
#ifndef CENOTE_FIXED
    auto p = cenote::allocate_unique<int[4]>(a);
#else
    auto p = cenote::allocate_unique<int>(a);
#endif
}
