// A source that dies before the pools that refer to it: full checks say so, where the source is one of the library's.
#include "cenote/cenote.hpp"

#include <cstddef>
#include <gtest/gtest.h>
#include <memory>
#include <optional>

namespace cenote_test {
namespace {

using cenote::object_pool;
using cenote::pool_options;
using cenote::source_ref;

constexpr const char* said =
    "source dies before what uses it: 1 pieces of memory are out from the source 0x[0-9a-f]+";

using counted = cenote::counting_source<cenote::vm_source>;
template <class Source>
using pool_on = object_pool<int, pool_options{}, source_ref<Source>>;

template <class Source, class... Args>
void end_source_first(Args&&... args) {
    std::optional<Source> source{std::in_place, args...};
    pool_on<Source> pool{{}, *source};
    (void)pool.create(1);
    source.reset();
}

TEST(source_that_dies_first, is_reported_where_it_is_a_decorator) {
    EXPECT_DEATH(end_source_first<counted>(), said);
    EXPECT_DEATH(end_source_first<cenote::limiting_source<cenote::vm_source>>(std::size_t{1} << 20), said);
}

TEST(source_that_dies_first, is_reported_where_it_is_a_callers_buffer) {
    alignas(64) std::byte buffer[4096];
    EXPECT_DEATH(end_source_first<cenote::buffer_source>(buffer, sizeof buffer), said);
}

template <class Resource, class... Args>
void end_resource_first(Args&... args) {
    std::optional<Resource> upstream{std::in_place, args...};
    object_pool<int, pool_options{}, cenote::upstream_source> pool{{}, &*upstream};
    (void)pool.create(1);
    upstream.reset();
}

TEST(source_that_dies_first, is_reported_where_it_is_a_memory_resource_of_the_library) {
    EXPECT_DEATH(end_resource_first<cenote::pool_resource>(), said);
    cenote::arena in;
    EXPECT_DEATH(end_resource_first<cenote::arena_resource<>>(in), said);
    cenote::heap on;
    EXPECT_DEATH(end_resource_first<cenote::own_heap_resource>(on), said);
}

TEST(source_that_dies_first, is_none_where_the_pool_has_given_all_back) {
    std::optional<counted> source{std::in_place};
    pool_on<counted> pool{{}, *source};
    pool.destroy(pool.create(1));
    pool.trim();
    source.reset();
}

TEST(source_that_dies_first, is_none_where_its_pools_died_before) {
    for (int round = 0; round != 3; ++round) { // at the same address each time
        counted source;
        pool_on<counted> one{{}, source};
        pool_on<counted> two{{}, source};
        (void)one.create(1);
        (void)two.create(2);
    }
}

TEST(source_that_dies_first, is_none_where_it_was_only_moved_into_its_pool) {
    std::optional<object_pool<int, pool_options{}, counted>> pool;
    {
        counted source;
        pool.emplace(cenote::growth{}, std::move(source));
        (void)pool->create(1);
    }
    EXPECT_EQ(*pool->create(2), 2);
}

} // namespace
} // namespace cenote_test
