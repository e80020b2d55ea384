// Lets a test run over all memory policies: TYPED_TEST_SUITE(name, policies).
#pragma once

#include "memory/cached_policy.hpp"
#include "memory/malloc_policy.hpp"
#include "memory/memory.hpp"
#include "memory/pools_policy.hpp"

#include <gtest/gtest.h>

namespace packet_server {

using policies = testing::Types<pools_policy, malloc_policy, cached_policy, shared_malloc_policy>;

// Buffers with a meter of their own; whatever a test took from them must be back when it ends.
template <class Policy>
struct test_buffers {
    explicit test_buffers(std::uint32_t fail_every = 0, std::size_t limit = byte_budget::no_limit)
        : counts(0, fail_every), budget(limit), buffers(counts, object_kind::io, budget) {}
    ~test_buffers() { EXPECT_EQ(buffers.live(), 0U) << "buffers lost"; }

    meter counts;
    byte_budget budget;
    own_buffer_memory<Policy> buffers;
};

} // namespace packet_server
