// expect: (no match for|invalid operands|no matching|no known conversion|could not convert|no viable)
#include "cenote/pool_allocator.hpp"

cenote::pool_family for_one;
cenote::shared_pool_family for_many;
#ifndef CENOTE_FIXED
cenote::pool_allocator<int> allocator{for_many};
#else
cenote::pool_allocator<int> allocator{for_one};
#endif
