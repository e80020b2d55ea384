// Every block is handed out once, whatever the order of creates and destroys: random operations against a model, at
// sizes from 1 byte to 64 KiB.
#include "conformance/faceless.hpp"
#include "conformance/suite.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

template <class Pools>
class random_operations : public ::testing::Test {};
TYPED_TEST_SUITE(random_operations, all_pools_and_heaps);

// Creates and destroys at random around a level that drifts between `most` and nothing, and checks each object's
// stamp before it goes.
void churn(const faceless& pool, std::size_t most, std::size_t operations) {
    std::mt19937 random{12345};
    std::vector<std::pair<void*, std::uint64_t>> live;
    std::set<const void*> addresses;
    std::uint64_t next_stamp = 1;
    std::size_t level = most;

    for (std::size_t i = 0; i != operations; ++i) {
        if (i % (most / 2 + 1) == 0) level = random() % (most + 1);
        if (live.size() < level) {
            void* const p = pool.create(next_stamp);
            ASSERT_TRUE(addresses.insert(p).second) << "handed out twice";
            live.emplace_back(p, next_stamp++);
        } else if (!live.empty()) {
            std::swap(live[random() % live.size()], live.back());
            const auto [p, stamp] = live.back();
            ASSERT_TRUE(pool.holds(p, stamp)) << "somebody else wrote to a live object";
            addresses.erase(p);
            pool.destroy(p);
            live.pop_back();
        }
        if (i % (operations / 8) == 0) {
            ASSERT_TRUE(pool.valid());
        }
    }
    EXPECT_EQ(pool.live(), live.size());
    for (const auto& [p, stamp] : live)
        ASSERT_TRUE(pool.holds(p, stamp));
    for (const auto& entry : live)
        pool.destroy(entry.first);
    EXPECT_EQ(pool.live(), 0U);
    EXPECT_TRUE(pool.valid());
}
template <class Pools, class Object>
void churn(std::size_t most, std::size_t operations) {
    typename Pools::template pool<Object> pool;
    churn(faceless::of<Object>(pool), most, operations);
}

TYPED_TEST(random_operations, of_1_to_15_bytes) {
    churn<TypeParam, stamped<1>>(3000, 20000);
    churn<TypeParam, stamped<2>>(3000, 10000);
    churn<TypeParam, stamped<3>>(3000, 10000);
    churn<TypeParam, stamped<8>>(3000, 20000);
    churn<TypeParam, stamped<12, 4>>(3000, 10000);
}

TYPED_TEST(random_operations, of_16_to_256_bytes) {
    churn<TypeParam, stamped<16, 8>>(5000, 20000);
    churn<TypeParam, stamped<24, 8>>(5000, 20000);
    churn<TypeParam, stamped<40, 8>>(5000, 20000);
    churn<TypeParam, stamped<64, 8>>(5000, 20000);
    churn<TypeParam, stamped<100, 4>>(3000, 10000);
    churn<TypeParam, stamped<256, 16>>(3000, 10000);
}

TYPED_TEST(random_operations, of_1000_bytes_to_64_KiB) {
    churn<TypeParam, stamped<1000, 8>>(2000, 10000);
    churn<TypeParam, stamped<4096, 8>>(1500, 5000);
    churn<TypeParam, stamped<9000, 8>>(600, 3000);
    churn<TypeParam, stamped<40000, 8>>(200, 1500);
    churn<TypeParam, stamped<65536, 8>>(150, 1000);
}

TYPED_TEST(random_operations, over_several_segments) { churn<TypeParam, stamped<512, 8>>(20000, 60000); }

// Frees in the same, the reverse and a random order; afterwards as many objects fit the same memory.
TYPED_TEST(random_operations, any_order_of_destroys_makes_room_again) {
    using object = stamped<48, 8>;
    counting_pool<TypeParam, object> pool;
    std::vector<object*> objects(10000);
    std::mt19937 random{7};
    std::size_t bytes = 0;
    for (int round = 0; round != 6; ++round) {
        for (object*& p : objects)
            p = pool.create(std::uint64_t{1});
        if (round == 0) bytes = pool.source().bytes();
        if (round % 3 == 1) std::reverse(objects.begin(), objects.end());
        if (round % 3 == 2) std::shuffle(objects.begin(), objects.end(), random);
        for (object* p : objects)
            pool.destroy(p);
        EXPECT_EQ(pool.live(), 0U);
    }
    EXPECT_EQ(pool.source().bytes(), bytes) << "a pool that is refilled to the same level must not grow";
}

} // namespace
} // namespace cenote_test
