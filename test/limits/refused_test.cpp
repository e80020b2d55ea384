// What a refused request looks like in reports: once, however often the request was tried, and nothing for what was never used.
#include "cenote/cenote.hpp"
#include "support/objects.hpp"
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::literals;
using cenote::growth;
using object = stamped<56, 8>;
using limited = cenote::limiting_source<cenote::vm_source>;

constexpr char name[] = "refused_test";

std::uint64_t refused() {
    std::uint64_t count = 0;
    cenote::for_each_pool_report([&](const cenote::pool_report& r) {
        if (std::strcmp(r.name, name) == 0) count += r.refused;
    });
    return count;
}

// A callback that has nothing to free: every refused request is tried twice.
void count_calls(const cenote::limit_event&, void* calls) { ++*static_cast<int*>(calls); }

template <class Pools>
class refused_requests : public ::testing::Test {
protected:
    using pool_type = typename Pools::template pool<object, 0, cenote::source_ref<limited>>;
};
using every_pool =
    ::testing::Types<object_pools, block_pools, intrusive_pools, locked_pools, lockfree_pools, cached_pools>;
TYPED_TEST_SUITE(refused_requests, every_pool);

TYPED_TEST(refused_requests, are_counted_once) {
    limited source{1_MiB};
    int calls = 0;
    source.budget().on_limit(count_calls, &calls);
    typename TestFixture::pool_type pool{growth{.name = name}, source};
    std::vector<object*> objects;
    while (object* const p = pool.try_create(std::uint64_t{1}))
        objects.push_back(p);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(refused(), 1U);
    EXPECT_EQ(pool.try_create(std::uint64_t{1}), nullptr);
    EXPECT_FALSE(pool.try_preheat(1'000'000));
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(refused(), 3U);
    for (object* const p : objects)
        pool.destroy(p);
}

TEST(refused_requests_of_an_arena, are_counted_once) {
    limited source{1_MiB};
    int calls = 0;
    source.budget().on_limit(count_calls, &calls);
    cenote::basic_arena<cenote::source_ref<limited>> arena{{.name = name}, source};
    EXPECT_EQ(arena.try_allocate(2_MiB), nullptr);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(refused(), 1U);
}

TEST(named_arena, that_was_never_used_is_none_that_ended) {
    const std::uint64_t before = cenote::report_of_ended_pools().pools;
    { const cenote::arena never_used{{.name = name}}; }
    EXPECT_EQ(cenote::report_of_ended_pools().pools, before);
    {
        cenote::arena used{{.name = name}};
        (void)used.allocate(1);
    }
    EXPECT_EQ(cenote::report_of_ended_pools().pools, before + 1);
}

// The limits of a source have their callback wherever the source is used.
TEST(heap_on_a_limited_source, calls_back_at_its_limit) {
    limited source{8_MiB};
    struct seen {
        limited* source;
        int calls;
    } told{&source, 0};
    source.budget().on_limit(
        [](const cenote::limit_event& e, void* to) {
            auto& t = *static_cast<seen*>(to);
            ++t.calls;
            t.source->budget().set_limit(e.limit + 8_MiB);
        },
        &told);
    cenote::heap heap{{.source = cenote::any_source{source}}};
    std::vector<void*> blocks;
    for (int i = 0; i != 12; ++i)
        blocks.push_back(heap.try_allocate(1_MiB));
    EXPECT_GE(told.calls, 1);
    for (void* const p : blocks) {
        EXPECT_NE(p, nullptr);
        heap.deallocate(p);
    }
}

} // namespace
} // namespace cenote_test
