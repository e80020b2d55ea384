// Owning pointers into pools and allocators.
#include "cenote/adaptor/smart_ptr.hpp"

#include "cenote/adaptor/allocator.hpp"
#include "cenote/adaptor/pool_allocator.hpp"
#include "cenote/adaptor/resource.hpp"
#include "cenote/source/decorators.hpp"
#include "support/objects.hpp"
#include "support/pools.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <new>
#include <utility>

namespace cenote_test {
namespace {

template <class Pools>
class owners_in : public ::testing::Test {
protected:
    typename Pools::template pool<counted> pool;
};
using typed_pools =
    ::testing::Types<object_pools, intrusive_pools, locked_pools, lockfree_pools, cached_pools>;
TYPED_TEST_SUITE(owners_in, typed_pools);

TYPED_TEST(owners_in, make_unique_ends_its_object_in_the_pool) {
    {
        auto p = cenote::make_unique(this->pool, 7);
        static_assert(std::is_same_v<typename decltype(p)::element_type, counted>);
        EXPECT_EQ(p->value, 7);
        EXPECT_EQ(this->pool.live(), 1U);
        auto q = std::move(p);
        p = cenote::make_unique(this->pool, 8);
        EXPECT_EQ(counted::alive, 2);
    }
    EXPECT_EQ(counted::alive, 0);
    EXPECT_EQ(this->pool.live(), 0U);
}

TYPED_TEST(owners_in, make_shared_ends_its_object_with_the_last_owner) {
    std::weak_ptr<counted> weak;
    {
        const std::shared_ptr<counted> p = cenote::make_shared(this->pool, 7);
        const std::shared_ptr<counted> q = p;
        weak = q;
        EXPECT_EQ(weak.lock()->value, 7);
        EXPECT_EQ(this->pool.live(), 1U);
    }
    EXPECT_TRUE(weak.expired());
    EXPECT_EQ(counted::alive, 0);
    EXPECT_EQ(this->pool.live(), 0U);
}

TYPED_TEST(owners_in, make_shared_counts_where_the_allocator_says) {
    cenote::pool_family family;
    {
        const auto p =
            cenote::make_shared(std::allocator_arg, cenote::pool_allocator<int>{family}, this->pool, 7);
        EXPECT_GT(family.stats().live, 0U);
        EXPECT_EQ(p->value, 7);
    }
    EXPECT_EQ(family.stats().live, 0U);
    EXPECT_EQ(this->pool.live(), 0U);
}

TEST(owners, of_a_static_pool) {
    struct by_test;
    static constinit cenote::static_cached_pool<counted, by_test> pool;
    {
        const auto p = cenote::make_unique(pool, 1);
        const auto q = cenote::make_shared(pool, 2);
        EXPECT_EQ(pool.live(), 2U);
    }
    EXPECT_EQ(pool.live(), 0U);
}

// What the pool's leftovers do with what a pointer still owns: the pointer is let go before it ends.
TEST(owners, that_outlive_their_pool_own_what_the_leftovers_left) {
    auto destroying = std::make_unique<cenote::object_pool<counted>>();
    auto p = cenote::make_unique(*destroying, 1);
    destroying.reset();
    EXPECT_EQ(counted::alive, 0); // destroyed with the pool, though owned
    (void)p.release();

    constexpr cenote::pool_options leave{.at_death = cenote::leftovers::leave};
    auto leaving = std::make_unique<cenote::object_pool<int, leave>>();
    auto q = cenote::make_unique(*leaving, 1);
    leaving.reset();
    (void)q.release();
}

#if CENOTE_EXCEPTIONS
TEST(owners, of_nothing_where_the_constructor_or_the_counts_fail) {
    cenote::object_pool<fussy> pool;
    EXPECT_THROW((void)cenote::make_unique(pool, std::uint64_t{1}, true), std::runtime_error);
    EXPECT_THROW((void)cenote::make_shared(pool, std::uint64_t{1}, true), std::runtime_error);
    const std::pmr::polymorphic_allocator<> none{std::pmr::null_memory_resource()};
    EXPECT_THROW((void)cenote::make_shared(std::allocator_arg, none, pool, std::uint64_t{1}), std::bad_alloc);
    EXPECT_EQ(pool.live(), 0U);
    cenote::pool_family family;
    EXPECT_THROW(
        (void)cenote::allocate_unique<fussy>(cenote::pool_allocator<fussy>{family}, std::uint64_t{1}, true),
        std::runtime_error);
    EXPECT_EQ(family.stats().live, 0U);
}
#endif

TEST(allocate_unique, gives_back_to_the_allocator) {
    cenote::pool_family family;
    {
        const auto p = cenote::allocate_unique<counted>(cenote::pool_allocator<int>{family}, 7);
        EXPECT_EQ(p->value, 7);
        EXPECT_EQ(family.stats_of(sizeof(counted), alignof(counted)).live, 1U);
        static_assert(sizeof p == 2 * sizeof(void*));
    }
    EXPECT_EQ(family.stats().live, 0U);
    EXPECT_EQ(counted::alive, 0);
}

TEST(allocate_unique, is_no_larger_than_a_pointer_with_an_empty_allocator) {
    cenote::allocated_ptr<counted, cenote::allocator<counted>> p;
    static_assert(sizeof p == sizeof(void*));
    p = cenote::allocate_unique<counted>(cenote::allocator<counted>{}, 7);
    EXPECT_TRUE(cenote::heap::process().owns(p.get()));
    p.reset();
    EXPECT_EQ(counted::alive, 0);
}

TEST(allocate_unique, passes_a_resource_on_to_what_takes_one) {
    cenote::pool_resource resource;
    const auto p =
        cenote::allocate_unique<std::pmr::string>(std::pmr::polymorphic_allocator<>{&resource}, 100, 'x');
    EXPECT_EQ(p->get_allocator().resource(), &resource);
    EXPECT_GE(resource.stats().live, 100U + sizeof(std::pmr::string));
}

} // namespace
} // namespace cenote_test
