// Memory that several threads have in common: what one allocates another frees.
#include "memory/cached_policy.hpp"
#include "memory/malloc_policy.hpp"
#include "memory/memory.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace packet_server {
namespace {

template <class Policy>
class SharedMemory : public testing::Test {};
using shared_policies = testing::Types<cached_policy, shared_malloc_policy>;
TYPED_TEST_SUITE(SharedMemory, shared_policies);

TYPED_TEST(SharedMemory, BuffersAreFreedByTheNextThread) {
    constexpr std::size_t threads = 4;
    constexpr std::size_t count = 3000;
    constexpr auto size_of = [](std::size_t i) { return 1 + i * 37 % (i % 50 == 0 ? 30'000 : 2000); };
    byte_budget uncounted{byte_budget::uncounted{}};
    typename TypeParam::buffers::common common(uncounted);
    std::vector<std::vector<std::atomic<char*>>> handed(threads);
    for (auto& each : handed)
        each = std::vector<std::atomic<char*>>(count);
    std::atomic<std::uint64_t> allocated{0};
    std::atomic<std::uint64_t> freed{0};
    {
        std::vector<std::jthread> running;
        for (std::size_t t = 0; t < threads; ++t) {
            running.emplace_back([&, t] {
                meter counts(0, 0);
                buffer_memory<TypeParam> buffers(counts, object_kind::data, common);
                const auto& from = handed[(t + 1) % threads];
                for (std::size_t i = 0; i < count; ++i) {
                    char* const made = static_cast<char*>(buffers.allocate(size_of(i)));
                    std::memset(made, static_cast<int>(t), size_of(i));
                    handed[t][i] = made;
                }
                for (std::size_t i = 0; i < count; ++i) {
                    char* taken = nullptr;
                    while ((taken = from[i]) == nullptr)
                        std::this_thread::yield();
                    EXPECT_EQ(taken[0], static_cast<char>((t + 1) % threads));
                    EXPECT_EQ(taken[size_of(i) - 1], taken[0]);
                    buffers.free(taken, size_of(i));
                }
                allocated += counts.tally(object_kind::data).allocations;
                freed += counts.tally(object_kind::data).frees;
            });
        }
    }
    EXPECT_EQ(allocated, threads * count);
    EXPECT_EQ(freed, threads * count);
    meter counts(0, 0);
    std::vector<pool_report> rows;
    buffer_memory<TypeParam>(counts, object_kind::data, common).report(rows);
    for (const pool_report& each : rows)
        EXPECT_EQ(each.live, 0U) << each.name;
}

TYPED_TEST(SharedMemory, OneLimitHoldsForAllThreads) {
    byte_budget uncounted{byte_budget::uncounted{}};
    using objects = object_memory<int, TypeParam>;
    typename objects::policy_objects::common common(uncounted, 3);
    meter first_counts(0, 0);
    meter second_counts(0, 0);
    objects first(first_counts, object_kind::packet, common);
    objects second(second_counts, object_kind::packet, common);
    int* const a = first.create(1);
    int* const b = second.create(2);
    int* const c = first.create(3);
    EXPECT_EQ(second.create(4), nullptr);
    first.destroy(b); // whoever made it
    int* const d = second.create(5);
    ASSERT_NE(d, nullptr);
    for (int* each : {a, c, d})
        second.destroy(each);
    kind_tally both = first_counts.tally(object_kind::packet);
    both.merge(second_counts.tally(object_kind::packet));
    EXPECT_EQ(both.live(), 0U);
    EXPECT_EQ(both.allocations, 4U);
    EXPECT_EQ(both.failures, 1U);
}

TEST(SizedPools, BlocksAreAlignedAndTheirBytesLeftAlone) {
    byte_budget budget;
    sized_pools pools(budget);
    for (std::size_t i = 0; i < size_classes::count; ++i) {
        void* const p = pools.allocate(i);
        ASSERT_NE(p, nullptr);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % 16, 0U);
        std::memset(p, 7, size_classes::block_size(i));
        pools.free(i, p);
    }
    std::vector<pool_report> rows;
    pools.report("data", rows);
    ASSERT_EQ(rows.size(), size_classes::count);
    EXPECT_EQ(rows[0].name, "data 16");
    pools.trim();
    EXPECT_EQ(budget.used(), 0U);
}

} // namespace
} // namespace packet_server
