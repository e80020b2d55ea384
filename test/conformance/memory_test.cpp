// Memory: nothing before the first object, preheat, reset, trim, all of it back at the end.
#include "conformance/suite.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace cenote_test {
namespace {

using cenote::reset_mode;

template <class Pools>
class memory : public ::testing::Test {
protected:
    using object = stamped<64, 8>;
    using pool_type = counting_pool<Pools, object>;

    static std::vector<object*> create(pool_type& pool, std::size_t n) {
        std::vector<object*> objects(n);
        for (std::size_t i = 0; i != n; ++i)
            objects[i] = pool.create(i);
        return objects;
    }
    // Of so many objects so many are destroyed, then there is to be room for so many more.
    static void preheat_after(std::size_t created, std::size_t destroyed, std::size_t more) {
        pool_type pool;
        const std::vector<object*> objects = create(pool, created);
        for (std::size_t i = 0; i != destroyed; ++i)
            pool.destroy(objects[i]);
        pool.preheat(more);
        EXPECT_EQ(pool.live(), created - destroyed);
        const std::size_t calls = pool.source().calls();
        create(pool, more);
        EXPECT_EQ(pool.source().calls(), calls);
        EXPECT_EQ(pool.live(), created - destroyed + more);
        EXPECT_TRUE(pool.valid());
    }
};
TYPED_TEST_SUITE(memory, all_pools);

TYPED_TEST(memory, is_not_taken_before_the_first_object) {
    typename TestFixture::pool_type pool;
    EXPECT_EQ(pool.source().calls(), 0U);
    EXPECT_EQ(pool.capacity(), 0U);
    EXPECT_EQ(pool.stats().bytes, 0U);
    EXPECT_EQ(pool.trim(), 0U);
    EXPECT_TRUE(pool.reset(reset_mode::free_all()));
    EXPECT_TRUE(pool.reset(reset_mode::retain_capacity()));
    EXPECT_EQ(pool.source().calls(), 0U);
}

TYPED_TEST(memory, preheated_is_enough_for_that_many_creates) {
    for (const std::size_t n : {1U, 10U, 1000U, 5000U, 100000U}) {
        typename TestFixture::pool_type pool;
        pool.preheat(n);
        const std::size_t calls = pool.source().calls();
        auto objects = this->create(pool, n);
        for (auto* p : objects)
            pool.destroy(p);
        objects = this->create(pool, n);
        EXPECT_EQ(pool.source().calls(), calls) << "a create after preheat(" << n << ") called the source";
    }
}

TYPED_TEST(memory, preheated_counts_what_is_free_already) { this->preheat_after(3000, 2000, 5000); }

TYPED_TEST(memory, preheated_beyond_the_first_segment_keeps_what_was_free) {
    this->preheat_after(10, 5, 20'000);
}

TYPED_TEST(memory, goes_back_when_the_pool_dies) {
    counting source;
    {
        typename TypeParam::template pool<typename TestFixture::object, 0, cenote::source_ref<counting>> pool{
            cenote::growth{}, cenote::source_ref<counting>{source}};
        for (std::uint64_t i = 0; i != 100000; ++i)
            (void)pool.create(i);
        EXPECT_GT(source.bytes(), 6400000U);
    }
    EXPECT_EQ(source.pieces(), 0U);
    EXPECT_EQ(source.bytes(), 0U);
}

TYPED_TEST(memory, is_all_given_back_by_free_all) {
    typename TestFixture::pool_type pool;
    this->create(pool, 100000);
    EXPECT_TRUE(pool.reset(reset_mode::free_all()));
    EXPECT_EQ(pool.source().pieces(), 0U);
    EXPECT_EQ(pool.capacity(), 0U);
    EXPECT_EQ(pool.live(), 0U);
    EXPECT_EQ(this->create(pool, 1000).size(), 1000U);
    EXPECT_TRUE(pool.valid());
}

TYPED_TEST(memory, is_all_kept_by_retain_capacity) {
    typename TestFixture::pool_type pool;
    this->create(pool, 100000);
    const std::size_t calls = pool.source().calls();
    const std::size_t capacity = pool.capacity();
    for (int round = 0; round != 3; ++round) {
        EXPECT_TRUE(pool.reset(reset_mode::retain_capacity()));
        EXPECT_EQ(pool.live(), 0U);
        EXPECT_EQ(pool.capacity(), capacity);
        EXPECT_TRUE(pool.valid());
        const auto objects = this->create(pool, 100000);
        for (std::size_t i = 0; i != objects.size(); ++i)
            ASSERT_TRUE(objects[i]->holds(i));
    }
    EXPECT_EQ(pool.source().calls(), calls);
}

TYPED_TEST(memory, is_kept_up_to_the_limit_by_retain_with_limit) {
    for (const std::size_t limit : {0U, 65536U, 4000000U, 100000000U}) {
        typename TestFixture::pool_type pool;
        this->create(pool, 80000);
        const std::size_t before = pool.source().bytes();
        EXPECT_TRUE(pool.reset(reset_mode::retain_with_limit(limit)));
        EXPECT_LE(pool.source().bytes(), limit);
        if (limit >= before) {
            EXPECT_EQ(pool.source().bytes(), before);
        }
        EXPECT_EQ(pool.live(), 0U);
        EXPECT_TRUE(pool.valid());
        const auto objects = this->create(pool, 80000);
        for (std::size_t i = 0; i != objects.size(); ++i)
            ASSERT_TRUE(objects[i]->holds(i));
        EXPECT_TRUE(pool.valid());
    }
}

TYPED_TEST(memory, of_a_pool_without_live_objects_is_all_trimmed) {
    typename TestFixture::pool_type pool;
    auto objects = this->create(pool, 100000);
    for (auto* p : objects)
        pool.destroy(p);
    const std::size_t held = pool.source().bytes();
    EXPECT_EQ(pool.trim(), held);
    EXPECT_EQ(pool.source().pieces(), 0U);
    EXPECT_EQ(pool.trim(), 0U);
    EXPECT_EQ(this->create(pool, 10).size(), 10U);
}

TYPED_TEST(memory, trimmed_leaves_live_objects_alone) {
    typename TestFixture::pool_type pool;
    auto objects = this->create(pool, 200000);
    for (std::size_t i = 0; i != objects.size(); ++i)
        if (i % 1000 != 0) pool.destroy(objects[i]);
    pool.trim();
    EXPECT_TRUE(pool.valid());
    EXPECT_EQ(pool.live(), 200U);
    for (std::size_t i = 0; i != objects.size(); i += 1000)
        ASSERT_TRUE(objects[i]->holds(i));
    this->create(pool, 200000);
    EXPECT_TRUE(pool.valid());
    for (std::size_t i = 0; i != objects.size(); i += 1000)
        ASSERT_TRUE(objects[i]->holds(i));
}

template <class Pools>
class movable_memory : public memory<Pools> {};
TYPED_TEST_SUITE(movable_memory, movable_pools);

TYPED_TEST(movable_memory, moves_with_the_pool) {
    using tested_pool = typename TestFixture::pool_type;
    std::optional<tested_pool> first{std::in_place};
    auto objects = this->create(*first, 5000);
    tested_pool second{std::move(*first)};
    first.reset();
    EXPECT_EQ(second.live(), 5000U);
    EXPECT_TRUE(second.valid());
    for (std::size_t i = 0; i != objects.size(); ++i) {
        ASSERT_TRUE(objects[i]->holds(i));
        second.destroy(objects[i]);
    }
    const std::size_t held = second.source().bytes();
    EXPECT_EQ(second.trim(), held);
}

} // namespace
} // namespace cenote_test
