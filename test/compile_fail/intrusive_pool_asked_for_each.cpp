// expect: (no member named|has no member named) .for_each
#include "cenote/intrusive_pool.hpp"
#include "cenote/object_pool.hpp"

// A free list cannot say which blocks are live, so there is nothing to call.
#ifndef CENOTE_FIXED
using pool = cenote::intrusive_pool<int>;
#else
using pool = cenote::object_pool<int>;
#endif

void visit(pool& all) {
    all.for_each([](int&) {});
}
