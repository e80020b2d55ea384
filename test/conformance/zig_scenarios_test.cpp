// The six scenarios by which Zig tests its std.heap.MemoryPool, on every pool of ours.
#include "conformance/suite.hpp"

#include <cstdint>

namespace cenote_test {
namespace {

template <class Pools>
class zig_scenarios : public ::testing::Test {};
TYPED_TEST_SUITE(zig_scenarios, all_pools);

TYPED_TEST(zig_scenarios, basic_uniqueness_and_reuse) {
    typename TypeParam::template pool<std::uint32_t> pool;
    auto* const p1 = pool.create(1U);
    auto* const p2 = pool.create(2U);
    auto* const p3 = pool.create(3U);
    EXPECT_NE(p1, p2);
    EXPECT_NE(p1, p3);
    EXPECT_NE(p2, p3);
    pool.destroy(p2);
    EXPECT_EQ(pool.create(4U), p2);
}

TYPED_TEST(zig_scenarios, preheat_succeeds) {
    typename TypeParam::template pool<std::uint32_t> pool;
    pool.preheat(4);
    EXPECT_NE(pool.try_create(1U), nullptr);
    EXPECT_NE(pool.try_create(2U), nullptr);
    EXPECT_NE(pool.try_create(3U), nullptr);
}

TYPED_TEST(zig_scenarios, preheat_fails) {
    typename TypeParam::template pool<std::uint32_t, 0, failing> pool{cenote::growth{}, failing{0}};
    EXPECT_FALSE(pool.try_preheat(5));
    EXPECT_EQ(pool.source().upstream().pieces(), 0U);
}

TYPED_TEST(zig_scenarios, not_growable) {
    typename TypeParam::template pool<std::uint32_t> pool{cenote::growth::fixed(4)};
    pool.preheat(4);
    for (std::uint32_t i = 0; i != 4; ++i)
        EXPECT_NE(pool.try_create(i), nullptr);
    EXPECT_EQ(pool.try_create(5U), nullptr);
}

TYPED_TEST(zig_scenarios, natural_over_alignment) {
    struct alignas(16) over_aligned {
        std::uint64_t data;
    };
    typename TypeParam::template pool<over_aligned> pool;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pool.create()) % 16, 0U);
}

TYPED_TEST(zig_scenarios, chosen_alignment) {
    struct plain {
        std::uint64_t data;
    };
    typename TypeParam::template pool<plain, 16> pool;
    for (int i = 0; i != 100; ++i)
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pool.create()) % 16, 0U);
}

} // namespace
} // namespace cenote_test
