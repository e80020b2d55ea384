// What a pool knows of itself: contains, is_live, for_each, counts.
#include "conformance/suite.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

namespace cenote_test {
namespace {

using object = stamped<64, 8>;

template <class Pools>
class queries : public ::testing::Test {};
TYPED_TEST_SUITE(queries, all_pools);

TYPED_TEST(queries, contains_knows_the_pools_blocks_from_all_others) {
    typename TypeParam::template pool<object> pool;
    typename TypeParam::template pool<object> other;
    std::vector<object*> objects(100000);
    for (auto& p : objects)
        p = pool.create(std::uint64_t{1});
    object* const foreign = other.create(std::uint64_t{1});
    const object on_stack{std::uint64_t{1}};
    for (const object* p : objects)
        ASSERT_TRUE(pool.contains(p));
    EXPECT_FALSE(pool.contains(foreign));
    EXPECT_FALSE(pool.contains(&on_stack));
    EXPECT_FALSE(pool.contains(nullptr));
    EXPECT_FALSE(
        pool.contains(reinterpret_cast<const object*>(reinterpret_cast<const char*>(objects[7]) + 8)));
    EXPECT_FALSE(pool.contains(reinterpret_cast<const object*>(std::uintptr_t{0xdead0000})));
    EXPECT_FALSE(pool.contains(reinterpret_cast<const object*>(~std::uintptr_t{63})));
}

TYPED_TEST(queries, live_and_capacity_count_objects) {
    typename TypeParam::template pool<object> pool;
    std::vector<object*> objects;
    for (std::size_t i = 0; i != 5000; ++i) {
        objects.push_back(pool.create(i));
        if (i % 500 == 0) {
            EXPECT_EQ(pool.live(), i + 1);
        }
    }
    EXPECT_GE(pool.capacity(), 5000U);
    while (!objects.empty()) {
        pool.destroy(objects.back());
        objects.pop_back();
        if (objects.size() % 500 == 0) {
            EXPECT_EQ(pool.live(), objects.size());
        }
    }
}

TYPED_TEST(queries, stats_agree_with_the_source) {
    counting_pool<TypeParam, object> pool{cenote::growth::up_to(1000000)};
    for (std::size_t i = 0; i != 100000; ++i)
        (void)pool.create(i);
    const cenote::pool_stats s = pool.stats();
    EXPECT_EQ(s.bytes, pool.source().bytes());
    EXPECT_EQ(s.live, 100000U);
    EXPECT_EQ(s.capacity, pool.capacity());
    EXPECT_EQ(s.limit, 1000000U);
    const std::size_t canary =
        TypeParam::knows_its_objects ? cenote::canary_bytes : 0; // a free list has none
    EXPECT_EQ(s.block_size, 64U + TypeParam::link_bytes + canary);
    EXPECT_GE(s.segments, 2U);
    EXPECT_GE(s.slabs, 2U);
}

template <class Pools>
class object_queries : public ::testing::Test {};
using knowing_pools = ::testing::Types<object_pools, block_pools, locked_pools, lockfree_pools, cached_pools>;
TYPED_TEST_SUITE(object_queries, knowing_pools);

TYPED_TEST(object_queries, is_live_follows_each_object) {
    typename TypeParam::template pool<object> pool;
    std::vector<object*> objects(20000);
    for (auto& p : objects) {
        p = pool.create(std::uint64_t{1});
        ASSERT_TRUE(pool.is_live(p));
    }
    for (std::size_t i = 0; i < objects.size(); i += 2) {
        pool.destroy(objects[i]);
        ASSERT_FALSE(pool.is_live(objects[i]));
    }
    for (std::size_t i = 0; i != objects.size(); ++i)
        ASSERT_EQ(pool.is_live(objects[i]), i % 2 == 1);
    EXPECT_FALSE(pool.is_live(nullptr));
    EXPECT_FALSE(
        pool.is_live(reinterpret_cast<const object*>(reinterpret_cast<const char*>(objects[1]) + 1)));
}

TYPED_TEST(object_queries, for_each_visits_every_live_object_once) {
    typename TypeParam::template pool<object> pool;
    std::set<const object*> expected;
    std::vector<object*> objects;
    for (std::uint64_t i = 0; i != 150000; ++i)
        objects.push_back(pool.create(i));
    for (std::size_t i = 0; i != objects.size(); ++i) {
        if (i % 7 == 0)
            expected.insert(objects[i]);
        else
            pool.destroy(objects[i]);
    }
    std::set<const object*> visited;
    pool.for_each([&](object& o) { EXPECT_TRUE(visited.insert(&o).second); });
    EXPECT_EQ(visited, expected);
    EXPECT_TRUE(pool.valid());
}

TYPED_TEST(object_queries, for_each_over_nothing_visits_nothing) {
    typename TypeParam::template pool<object> pool;
    int visits = 0;
    pool.for_each([&](object&) { ++visits; });
    object* const p = pool.create(std::uint64_t{1});
    pool.destroy(p);
    pool.for_each([&](object&) { ++visits; });
    EXPECT_EQ(visits, 0);
}

TYPED_TEST(object_queries, a_visitor_may_destroy_what_it_visits) {
    typename TypeParam::template pool<object> pool;
    for (std::uint64_t i = 0; i != 10000; ++i)
        (void)pool.create(i);
    std::size_t visits = 0;
    pool.for_each([&](object& o) {
        if (++visits % 2 == 0) pool.destroy(&o);
    });
    EXPECT_EQ(visits, 10000U);
    EXPECT_EQ(pool.live(), 5000U);
    EXPECT_TRUE(pool.valid());
}

TYPED_TEST(object_queries, a_visitor_may_destroy_others_which_are_then_not_visited) {
    typename TypeParam::template pool<object> pool;
    std::vector<object*> objects;
    for (std::uint64_t i = 0; i != 1000; ++i)
        objects.push_back(pool.create(i));
    std::set<const object*> dead;
    pool.for_each([&](object& o) {
        ASSERT_FALSE(dead.contains(&o));
        for (object*& p : objects) {
            if (p == nullptr || p == &o) continue;
            pool.destroy(p);
            dead.insert(p);
            p = nullptr;
            break;
        }
    });
    EXPECT_EQ(pool.live(), 1000U - dead.size());
    EXPECT_TRUE(pool.valid());
}

TYPED_TEST(object_queries, a_visitor_may_create) {
    typename TypeParam::template pool<object> pool;
    for (std::uint64_t i = 0; i != 2000; ++i)
        (void)pool.create(i);
    std::size_t created = 0;
    pool.for_each([&](object& o) {
        ASSERT_TRUE(pool.is_live(&o));
        if (created == 3000) return;
        ++created;
        (void)pool.create(std::uint64_t{1});
    });
    EXPECT_EQ(pool.live(), 2000U + created);
    EXPECT_TRUE(pool.valid());
}

} // namespace
} // namespace cenote_test
