// The allocators by themselves; what containers make of them is in containers_test.cpp and its kin.
#include "cenote/adaptor/allocator.hpp"

#include "cenote/adaptor/pool_allocator.hpp"
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace cenote_test {
namespace {

TEST(allocator, is_empty_and_all_are_equal) {
    static_assert(std::is_empty_v<cenote::allocator<int>>);
    static_assert(std::allocator_traits<cenote::allocator<int>>::is_always_equal::value);
    static_assert(cenote::allocator<int>{} == cenote::allocator<char>{});
    static_assert(sizeof(std::vector<int, cenote::allocator<int>>) == sizeof(std::vector<int>));
    static_assert(std::is_nothrow_move_assignable_v<std::list<int, cenote::allocator<int>>>);
}

TEST(allocator, serves_from_the_heap_of_the_process) {
    const std::vector<int, cenote::allocator<int>> v(1000, 7);
    EXPECT_TRUE(cenote::heap::process().owns(v.data()));
}

TEST(allocator, gives_what_the_type_needs_and_no_more) {
    struct of_24_bytes {
        void* three[3];
    };
    cenote::allocator<of_24_bytes> a;
    of_24_bytes* const p = a.allocate(1);
    EXPECT_EQ(cenote::heap::process().usable_size(p), 24U);
    a.deallocate(p, 1);
}

TEST(allocator, serves_every_thread) {
    using list = std::list<std::string, cenote::allocator<std::string>>;
    std::array<list, 4> lists;
    for (int round = 0; round != 3; ++round) {
        on_threads(4, [&](unsigned t) {
            for (int i = 0; i != 5000; ++i)
                lists[t].emplace_back(30, 'x');
        });
        on_threads(4, [&](unsigned t) { lists[(t + 1) % 4].clear(); });
    }
    for (const list& each : lists)
        EXPECT_TRUE(each.empty());
}

TEST(pool_allocator, is_one_pointer_and_equal_where_the_family_is) {
    cenote::pool_family one;
    cenote::pool_family two;
    const cenote::pool_allocator<int> a{one};
    const cenote::pool_allocator<char> b{a};
    const cenote::pool_allocator<int> c{two};
    static_assert(sizeof a == sizeof(void*));
    static_assert(!std::is_default_constructible_v<cenote::pool_allocator<int>>);
    EXPECT_TRUE(a == b);
    EXPECT_TRUE(a != c);
    EXPECT_EQ(&b.family(), &one);
}

TEST(pool_allocator, goes_along_with_moves_and_swaps_and_not_with_copies) {
    using traits = std::allocator_traits<cenote::pool_allocator<int>>;
    static_assert(!traits::propagate_on_container_copy_assignment::value);
    static_assert(traits::propagate_on_container_move_assignment::value);
    static_assert(traits::propagate_on_container_swap::value);
    static_assert(!traits::is_always_equal::value);
    cenote::pool_family family;
    EXPECT_TRUE(traits::select_on_container_copy_construction(family) == family);
    static_assert(std::is_nothrow_move_assignable_v<std::list<int, cenote::pool_allocator<int>>>);
}

TEST(pool_allocator, needs_no_heap) {
    const std::size_t before = cenote::heap::process().stats().live;
    cenote::pool_family family;
    const std::list<int, cenote::pool_allocator<int>> list(10000, 1, family);
    const std::vector<int, cenote::pool_allocator<int>> vector(100000, 1, family);
    EXPECT_EQ(cenote::heap::process().stats().live, before);
    EXPECT_EQ(family.stats_of(24, 8).live, 10000U);
    EXPECT_EQ(family.stats().large, 400000U);
}

} // namespace
} // namespace cenote_test
