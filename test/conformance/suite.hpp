// The pools that every file of the suite runs over.
#pragma once

#include "support/heaps.hpp"
#include "support/objects.hpp"
#include "support/pools.hpp"

#include <gtest/gtest.h>

namespace cenote_test {

using all_pools =
    ::testing::Types<object_pools, block_pools, intrusive_pools, locked_pools, lockfree_pools, cached_pools>;
// Where only what is created and destroyed matters.
using all_pools_and_heaps = ::testing::Types<object_pools, block_pools, intrusive_pools, locked_pools,
                                             lockfree_pools, cached_pools, heaps>;
using movable_pools = ::testing::Types<object_pools, block_pools, intrusive_pools>;

using counting = cenote::counting_source<cenote::vm_source>;
using failing = cenote::failing_source<counting>;

// Pools over this source tell what they took.
template <class Pools, class T, std::size_t Alignment = 0>
using counting_pool = typename Pools::template pool<T, Alignment, counting>;

} // namespace cenote_test
