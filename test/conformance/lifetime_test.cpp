// Objects: constructed with what create was given, destroyed once, by whoever is due to.
#include "cenote/adaptor/smart_ptr.hpp"
#include "conformance/suite.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

template <class Pools>
class lifetime : public ::testing::Test {
protected:
    void SetUp() override { counted::alive = 0; }
};
TYPED_TEST_SUITE(lifetime, all_pools);

TYPED_TEST(lifetime, starts_with_the_arguments_and_ends_with_destroy) {
    typename TypeParam::template pool<counted> pool;
    counted* const p = pool.create(42);
    EXPECT_EQ(p->value, 42);
    EXPECT_EQ(counted::alive, 1);
    pool.destroy(p);
    EXPECT_EQ(counted::alive, 0);
}

TYPED_TEST(lifetime, of_types_that_can_only_be_moved) {
    typename TypeParam::template pool<std::unique_ptr<std::string>> pool;
    auto* const p = pool.create(std::make_unique<std::string>("moved in"));
    EXPECT_EQ(**p, "moved in");
    pool.destroy(p);
}

struct aggregate {
    float x, y;
    int count = 3;
};

TYPED_TEST(lifetime, of_aggregates) {
    typename TypeParam::template pool<aggregate> pool;
    aggregate* const p = pool.create(1.0F, 2.0F);
    EXPECT_EQ(p->x, 1.0F);
    EXPECT_EQ(p->y, 2.0F);
    EXPECT_EQ(p->count, 3);
    pool.destroy(p);
}

TYPED_TEST(lifetime, destroying_nullptr_does_nothing) {
    typename TypeParam::template pool<counted> pool;
    pool.destroy(nullptr);
    counted* const p = pool.create(1);
    pool.destroy(nullptr);
    EXPECT_EQ(counted::alive, 1);
    pool.destroy(p);
    pool.destroy(nullptr);
    EXPECT_EQ(counted::alive, 0);
    EXPECT_EQ(pool.live(), 0U);
}

struct tree {
    cenote::object_pool<tree>* home;
    tree* left = nullptr;
    tree* right = nullptr;
    ~tree() {
        home->destroy(left);
        home->destroy(right);
    }
};

tree* grow_tree(cenote::object_pool<tree>& pool, int depth) {
    tree* const t = pool.create(&pool);
    if (depth > 0) {
        t->left = grow_tree(pool, depth - 1);
        t->right = grow_tree(pool, depth - 1);
    }
    return t;
}

TEST(object_pool_lifetime, a_destructor_may_destroy_others_of_the_pool) {
    cenote::object_pool<tree> pool;
    pool.destroy(grow_tree(pool, 12));
    EXPECT_EQ(pool.live(), 0U);
    EXPECT_TRUE(pool.valid());
}

TEST(object_pool_lifetime, a_unique_ptr_destroys_into_its_pool) {
    counted::alive = 0;
    cenote::object_pool<counted> pool;
    {
        auto p = pool.make_unique(7);
        EXPECT_EQ(p->value, 7);
        auto q = std::move(p);
        EXPECT_EQ(counted::alive, 1);
    }
    EXPECT_EQ(counted::alive, 0);
    EXPECT_EQ(pool.live(), 0U);
    const cenote::pool_ptr<cenote::object_pool<counted>> empty;
    EXPECT_EQ(empty, nullptr);
}

TEST(object_pool_lifetime, leftovers_are_destroyed_with_the_pool) {
    counted::alive = 0;
    {
        cenote::object_pool<counted> pool;
        std::vector<counted*> all;
        for (int i = 0; i != 10000; ++i)
            all.push_back(pool.create(i));
        for (std::size_t i = 0; i < all.size(); i += 3)
            pool.destroy(all[i]);
        EXPECT_EQ(counted::alive, 6666);
    }
    EXPECT_EQ(counted::alive, 0);
}

TEST(object_pool_lifetime, reset_destroys_what_is_alive) {
    counted::alive = 0;
    cenote::object_pool<counted> pool;
    for (int i = 0; i != 3000; ++i)
        (void)pool.create(i);
    pool.reset(cenote::reset_mode::retain_capacity());
    EXPECT_EQ(counted::alive, 0);
    (void)pool.create(1);
    pool.reset(cenote::reset_mode::free_all());
    EXPECT_EQ(counted::alive, 0);
}

struct trivial {
    int value;
};

TEST(object_pool_lifetime, leftovers_may_be_left) {
    cenote::object_pool<trivial, cenote::pool_options{.at_death = cenote::leftovers::leave}> pool;
    for (int i = 0; i != 1000; ++i)
        (void)pool.create(i);
    EXPECT_EQ(pool.live(), 1000U);
}

TEST(object_pool_lifetime, a_pool_without_leftovers_dies_quietly_under_abort) {
    cenote::object_pool<counted, cenote::pool_options{.at_death = cenote::leftovers::abort}> pool;
    counted* const p = pool.create(1);
    pool.destroy(p);
}

TEST(object_pool_lifetime, const_and_volatile_types_can_be_pooled) {
    cenote::object_pool<const counted> constants;
    const counted* const c = constants.create(5);
    EXPECT_EQ(c->value, 5);
    constants.destroy(c);
    cenote::object_pool<volatile int> registers;
    volatile int* const r = registers.create(6);
    EXPECT_EQ(*r, 6);
    EXPECT_TRUE(registers.is_live(r));
    registers.destroy(r);
}

} // namespace
} // namespace cenote_test
