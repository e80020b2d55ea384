// The resources as resources: equality, release, what lies behind them.
#include "cenote/adaptor/resource.hpp"

#include "cenote/adaptor/heap_resource.hpp"
#include "cenote/adaptor/pool_allocator.hpp"
#include "cenote/heap/heap.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <list>
#include <memory_resource>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace cenote_test {
namespace {

template <class Resource>
class pool_resources_of : public ::testing::Test {};
using both = ::testing::Types<cenote::pool_resource, cenote::shared_pool_resource>;
TYPED_TEST_SUITE(pool_resources_of, both);

TYPED_TEST(pool_resources_of, equal_themselves_alone) {
    TypeParam a;
    TypeParam b;
    EXPECT_TRUE(a.is_equal(a));
    EXPECT_FALSE(a.is_equal(b));
    EXPECT_FALSE(a.is_equal(*std::pmr::new_delete_resource()));
    static_assert(!std::is_copy_constructible_v<TypeParam>);
}

TYPED_TEST(pool_resources_of, release_what_was_never_freed) {
    TypeParam resource;
    for (int i = 0; i != 1000; ++i)
        (void)resource.allocate(static_cast<std::size_t>(i) * 20 + 1);
    EXPECT_GT(resource.stats().live, 0U);
    resource.release();
    EXPECT_EQ(resource.stats().live, 0U);
    EXPECT_EQ(resource.stats().large, 0U);
    std::pmr::list<int> list{{1, 2, 3}, &resource};
    EXPECT_EQ(list.back(), 3);
}

TYPED_TEST(pool_resources_of, trim_what_is_empty) {
    TypeParam resource;
    { const std::pmr::list<int> list(100000, 1, &resource); }
    EXPECT_GE(resource.trim(), 2400000U);
    EXPECT_EQ(resource.stats().live, 0U);
}

TYPED_TEST(pool_resources_of, share_their_family_with_allocators) {
    TypeParam resource;
    using family = std::remove_reference_t<decltype(resource.family())>;
    std::list<int, cenote::pool_allocator<int, family>> typed{resource.family()};
    std::pmr::list<int> untyped{&resource};
    typed.push_back(1);
    untyped.push_back(2);
    EXPECT_EQ(resource.family().stats_of(24, 8).live, 2U);
}

TYPED_TEST(pool_resources_of, lie_on_each_other) {
    TypeParam below;
    {
        TypeParam above{&below};
        std::pmr::vector<std::pmr::string> strings{&above};
        for (int i = 0; i != 1000; ++i)
            strings.emplace_back(100, 'x');
        EXPECT_GE(below.stats().live, above.stats().live);
    }
    EXPECT_EQ(below.stats().live, 0U);
}

TYPED_TEST(pool_resources_of, can_be_the_default_resource) {
    TypeParam resource{std::pmr::new_delete_resource()};
    std::pmr::memory_resource* const before = std::pmr::set_default_resource(&resource);
    {
        std::pmr::vector<int> numbers(100000, 1);
        EXPECT_EQ(resource.stats().large, 400000U);
    }
    std::pmr::set_default_resource(before);
}

TEST(shared_pool_resource, serves_threads_that_free_what_others_allocated) {
    cenote::shared_pool_resource resource;
    std::pmr::list<std::pmr::string> list{&resource};
    std::thread{[&] {
        for (int i = 0; i != 1000; ++i)
            list.emplace_back(40, 'x');
    }}.join();
    std::thread{[&] { list.clear(); }}.join();
    EXPECT_EQ(resource.stats().live, 0U);
}

TEST(arena_resource, cuts_from_the_arena_and_frees_nothing_by_itself) {
    cenote::arena arena;
    cenote::arena_resource resource{arena};
    const std::size_t before = arena.stats().used;
    {
        const cenote::arena::scope until_end{arena};
        std::pmr::vector<int> numbers{&resource};
        for (int i = 0; i != 1000; ++i)
            numbers.push_back(i);
        EXPECT_GE(arena.stats().used, 4000U);
        numbers = std::pmr::vector<int>{&resource}; // ends before the scope does
    }
    EXPECT_EQ(arena.stats().used, before);
    cenote::arena_resource other{arena};
    EXPECT_TRUE(resource.is_equal(resource));
    EXPECT_FALSE(resource.is_equal(other));
    EXPECT_EQ(&resource.arena(), &arena);
}

TEST(heap_resource, is_one_and_serves_from_the_heap_of_the_process) {
    EXPECT_EQ(cenote::heap_resource(), cenote::heap_resource());
    const std::pmr::vector<int> numbers({1, 2, 3}, cenote::heap_resource());
    EXPECT_TRUE(cenote::heap::process().owns(numbers.data()));
    void* const p = cenote::heap_resource()->allocate(100, 4096);
    EXPECT_TRUE(cenote::detail::is_aligned(p, 4096));
    cenote::heap_resource()->deallocate(p, 100, 4096);
}

TEST(heap_resource, outlives_static_objects) {
    // Destroyed after main; a sanitizer, or the heap, would say so if the resource were gone.
    static std::pmr::vector<int> late(1000, cenote::heap_resource());
    EXPECT_EQ(late.size(), 1000U);
}

TEST(own_heap_resource, serves_from_its_heap) {
    cenote::heap heap;
    cenote::own_heap_resource resource{heap};
    cenote::own_heap_resource other{heap};
    const std::pmr::string s(1000, 'x', &resource);
    EXPECT_TRUE(heap.owns(s.data()));
    EXPECT_FALSE(resource.is_equal(other));
}

} // namespace
} // namespace cenote_test
