// Forks while threads are in a shared pool whose source is the heap: a fork takes the pools' locks before the heap's, though
// a pool was there before the heap was first used. A program of its own, so that this is so.
#include "cenote/adaptor/heap_resource.hpp"
#include "cenote/adaptor/resource.hpp"
#include "cenote/pool/cached_pool.hpp"
#include "support/child.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <thread>

namespace cenote_test {
namespace {

TEST(pool_on_heap, goes_on_in_the_child_of_a_fork) {
    cenote::cached_pool<int> earlier;
    earlier.destroy(earlier.create(1));
    cenote::shared_pool_resource resource{cenote::heap_resource()};
    std::atomic<bool> stop{false};
    const auto churn = [&] {
        for (std::size_t i = 0; !stop; ++i) {
            const std::size_t bytes = 70000 + i % 100000; // each asks the heap, under the resource's lock
            resource.deallocate(resource.allocate(bytes), bytes);
        }
    };
    std::thread a{churn};
    std::thread b{churn};
    for (int round = 0; round != 40; ++round) {
        const int result = in_a_child([&resource] {
            for (int i = 0; i != 5; ++i) {
                resource.deallocate(resource.allocate(100000), 100000);
                resource.deallocate(resource.allocate(40), 40);
            }
            return 0;
        });
        EXPECT_EQ(result, 0);
    }
    stop = true;
    a.join();
    b.join();
    EXPECT_EQ(resource.stats().live, 0U);
}

} // namespace
} // namespace cenote_test
