// Memory is refused at each point in turn: containers are as they were, and nothing is lost.
#include "cenote/adaptor/heap_resource.hpp"
#include "cenote/adaptor/pool_allocator.hpp"
#include "cenote/adaptor/resource.hpp"
#include "unit/support/ledger.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#if CENOTE_EXCEPTIONS

namespace cenote_test {
namespace {

template <class Threads>
class failing_containers : public ::testing::Test {
public:
    using family_type = cenote::basic_pool_family<Threads, ledger_source, ledger_source>;
    template <class T>
    using allocator = cenote::pool_allocator<T, family_type>;
    using pair = std::pair<const int, int>;
    using list = std::list<int, allocator<int>>;
    using vector = std::vector<int, allocator<int>>;
    using map = std::map<int, int, std::less<>, allocator<pair>>;
    using table = std::unordered_map<int, int, std::hash<int>, std::equal_to<>, allocator<pair>>;
};
using threads = ::testing::Types<cenote::detail::one_thread, cenote::detail::many_threads>;
TYPED_TEST_SUITE(failing_containers, threads);

// `grow` adds to the container; where that throws, all is as it was.
template <class Container, class Grow>
void grow_strongly(Container& c, int times, Grow grow) {
    for (int i = 0; i != times; ++i) {
        const std::size_t size = c.size();
        try {
            grow(c, i);
        } catch (const std::bad_alloc&) {
            ASSERT_EQ(c.size(), size);
            ASSERT_EQ(static_cast<std::size_t>(std::distance(c.begin(), c.end())), size);
            return;
        }
    }
}

template <class Fixture, class Family>
void use_containers(Family& family, int times) {
    typename Fixture::list list{family};
    grow_strongly(list, times, [](auto& c, int i) { c.push_back(i); });
    typename Fixture::vector vector{family};
    grow_strongly(vector, times * 10, [](auto& c, int i) { c.push_back(i); });
    for (std::size_t i = 0; i != vector.size(); ++i)
        ASSERT_EQ(vector[i], static_cast<int>(i));
    typename Fixture::map map{family};
    grow_strongly(map, times, [](auto& c, int i) { c.emplace(i, i); });
    typename Fixture::table table{family};
    grow_strongly(table, times, [](auto& c, int i) { c.emplace(i, i); });
    try {
        const typename Fixture::map copy{map};
        EXPECT_EQ(copy, map);
    } catch (const std::bad_alloc&) {
    }
    try {
        const auto p = std::allocate_shared<std::string>(list.get_allocator(), "text");
        EXPECT_EQ(*p, "text");
    } catch (const std::bad_alloc&) {
    }
}

TYPED_TEST(failing_containers, when_the_source_refuses) {
    for (const bool for_good : {false, true})
        refuse_each_call(
            [](ledger& books) {
                typename TestFixture::family_type family{cenote::growth::unlimited().steps(4 << 10, 4 << 10),
                                                         books, books};
                use_containers<TestFixture>(family, 1500);
                EXPECT_EQ(family.stats().live, 0U);
                EXPECT_TRUE(family.valid());
            },
            for_good);
}

TYPED_TEST(failing_containers, when_a_pool_has_come_to_its_limit) {
    for (std::size_t limit = 0; limit != 60; ++limit) {
        ledger books;
        typename TestFixture::family_type family{cenote::growth::up_to(limit), books, books};
        use_containers<TestFixture>(family, 50);
        EXPECT_EQ(family.stats().live, 0U);
        EXPECT_TRUE(family.valid());
    }
}

template <class Resource>
void fill_until_refused(Resource& resource) {
    std::pmr::vector<int> vector(10, &resource);
    std::pmr::list<int> list{&resource};
    EXPECT_THROW(list.resize(1U << 20), std::bad_alloc);
    EXPECT_TRUE(list.empty());
    EXPECT_THROW(vector.resize(std::size_t{1} << 26), std::bad_alloc);
    EXPECT_EQ(vector.size(), 10U);
}

TEST(failing_resources, throw_and_are_as_they_were) {
    {
        std::vector<std::byte> buffer(1 << 20);
        std::pmr::monotonic_buffer_resource upstream{buffer.data(), buffer.size(),
                                                     std::pmr::null_memory_resource()};
        cenote::pool_resource pools{&upstream, cenote::growth::unlimited().steps(4096, 65536)};
        fill_until_refused(pools);
        EXPECT_EQ(pools.stats().live, 0U);
    }
    {
        std::vector<std::byte> buffer(1 << 20);
        std::pmr::monotonic_buffer_resource upstream{buffer.data(), buffer.size(),
                                                     std::pmr::null_memory_resource()};
        cenote::shared_pool_resource pools{&upstream, cenote::growth::unlimited().steps(4096, 65536)};
        fill_until_refused(pools);
        EXPECT_EQ(pools.stats().live, 0U);
    }
    {
        cenote::heap heap{{.limit = 8 << 20}};
        cenote::own_heap_resource resource{heap};
        fill_until_refused(resource);
        EXPECT_EQ(heap.stats().live, 0U);
    }
    {
        ledger books;
        cenote::basic_arena<ledger_source> arena{cenote::arena_growth{}, books};
        cenote::arena_resource resource{arena};
        books.refuse(3);
        fill_until_refused(resource);
    }
}

} // namespace
} // namespace cenote_test

#endif
