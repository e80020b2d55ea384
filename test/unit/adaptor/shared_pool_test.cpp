// Pools that their pointers keep alive, or outlive.
#include "cenote/adaptor/shared_pool.hpp"

#include "cenote/adaptor/smart_ptr.hpp"
#include "support/objects.hpp"
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

template <class Pools>
class shared_pools_of : public ::testing::Test {
protected:
    using pool_type = cenote::shared_pool<typename Pools::template pool<counted>>;
};
using destroying_pools = ::testing::Types<object_pools, locked_pools, lockfree_pools, cached_pools>;
TYPED_TEST_SUITE(shared_pools_of, destroying_pools);

TYPED_TEST(shared_pools_of, live_as_long_as_a_pointer) {
    std::optional<typename TestFixture::pool_type> pool{std::in_place};
    auto unique = pool->make_unique(7);
    std::shared_ptr<counted> shared = pool->make_shared(8);
    EXPECT_EQ(pool->get().live(), 2U);
    pool.reset();
    EXPECT_EQ(unique->value, 7);
    EXPECT_EQ(shared->value, 8);
    EXPECT_EQ(counted::alive, 2);
    unique.reset();
    shared.reset();
    EXPECT_EQ(counted::alive, 0);
}

TYPED_TEST(shared_pools_of, are_one_through_all_copies) {
    typename TestFixture::pool_type pool{cenote::growth::up_to(1000)};
    auto copy = pool;
    const auto p = copy.make_unique(1);
    EXPECT_EQ(pool->live(), 1U);
    EXPECT_EQ((*pool).stats().limit, 1000U);
    EXPECT_EQ(&pool.get(), &copy.get());
}

TYPED_TEST(shared_pools_of, destroy_what_is_left_when_they_are_closed) {
    typename TestFixture::pool_type pool;
    auto unique = pool.make_unique(7);
    std::shared_ptr<counted> shared = pool.make_shared(8);
    EXPECT_TRUE(pool.is_open());
    pool.close();
    EXPECT_FALSE(pool.is_open());
    EXPECT_EQ(counted::alive, 0);
    pool.close(); // again is nothing
    unique.reset();
    shared.reset();
    EXPECT_EQ(counted::alive, 0);
}

TEST(shared_pool, leaves_what_is_left_where_the_policy_says_so) {
    constexpr cenote::pool_options leave{.at_death = cenote::leftovers::leave};
    cenote::shared_pool<cenote::object_pool<int, leave>> pool;
    auto p = pool.make_unique(7);
    pool.close();
    p.reset();
}

TEST(shared_pool, of_an_intrusive_pool_closes_when_all_are_gone) {
    cenote::shared_pool<cenote::intrusive_pool<counted>> pool;
    auto p = pool.make_unique(7);
    p.reset();
    pool.close();
    EXPECT_EQ(counted::alive, 0);
}

struct linked {
    explicit linked(int& count) : alive(count) { ++alive; }
    ~linked() { --alive; }
    linked(const linked&) = delete;
    linked& operator=(const linked&) = delete;
    int& alive;
    std::shared_ptr<linked> other;
};

TEST(shared_pool, destroys_objects_that_own_each_other_once_when_it_is_closed) {
    int alive = 0;
    cenote::shared_pool<cenote::object_pool<linked>> pool;
    {
        auto a = pool.make_shared(alive);
        auto b = pool.make_shared(alive);
        a->other = b;
        b->other = a; // neither would ever go
        auto chain = pool.make_shared(alive);
        for (int i = 0; i != 10; ++i) {
            auto next = pool.make_shared(alive);
            next->other = std::move(chain);
            chain = std::move(next);
        }
    }
    EXPECT_EQ(alive, 2);
    pool.close();
    EXPECT_EQ(alive, 0);
}

struct plain {
    int value;
    explicit plain(int v) noexcept : value(v) {}
    ~plain() { value = -1; }
};

TEST(shared_pool, of_a_cached_pool_is_used_and_left_by_threads) {
    std::optional<cenote::shared_pool<cenote::cached_pool<plain>>> pool{std::in_place};
    std::vector<std::shared_ptr<plain>> kept(4);
    on_threads(4, [&](unsigned t) {
        auto mine = *pool;
        for (int i = 0; i != 1000; ++i) {
            kept[t] = mine.make_shared(i);
            const auto p = mine.make_unique(i);
        }
    });
    pool.reset();
    on_threads(4, [&](unsigned t) {
        EXPECT_EQ(kept[t]->value, 999);
        kept[t].reset();
    });
}

#if CENOTE_EXCEPTIONS
TEST(shared_pool, makes_nothing_where_the_constructor_throws) {
    cenote::shared_pool<cenote::object_pool<fussy>> pool;
    EXPECT_THROW((void)pool.make_unique(std::uint64_t{1}, true), std::runtime_error);
    EXPECT_THROW((void)pool.make_shared(std::uint64_t{1}, true), std::runtime_error);
    EXPECT_EQ(pool->live(), 0U);
}
#endif

} // namespace
} // namespace cenote_test
