// The pools that several threads may use, for the tests that let them.
#pragma once

#include "support/pools.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace cenote_test {

using shared_pools = ::testing::Types<locked_pools, lockfree_pools, cached_pools>;

// Runs body(0) to body(threads - 1) on as many threads and waits for all.
template <class Body>
void on_threads(unsigned threads, Body body) {
    std::vector<std::thread> all;
    all.reserve(threads);
    for (unsigned t = 0; t != threads; ++t)
        all.emplace_back([&body, t] { body(t); });
    for (std::thread& t : all)
        t.join();
}

} // namespace cenote_test
