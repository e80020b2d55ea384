// expect: (no matching|could not convert|no viable conversion)
#include "cenote/block_pool.hpp"

// A growth policy alone does not say how large a block is.
#ifndef CENOTE_FIXED
cenote::block_pool<> pool{cenote::growth::fixed(100)};
#else
cenote::block_pool<> pool{64, 8, cenote::growth::fixed(100)};
#endif
