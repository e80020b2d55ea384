// What only cached_pool promises; the rest is in conformance, stress and lifecycle.
#include "cenote/cenote.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace cenote_test {
namespace {

using object = std::array<std::uint64_t, 8>;

// How many objects of `pool` can be created while another thread, which had `most` and destroyed them, lives on.
template <class Pool>
std::size_t left_by_another_thread(Pool& pool, std::size_t most) {
    std::atomic<int> step{0};
    std::jthread other{[&] {
        std::vector<object*> all;
        while (all.size() != most)
            all.push_back(pool.create());
        pool.destroy_n(all);
        step = 1;
        step.notify_one();
        step.wait(1);
    }};
    step.wait(0);
    std::vector<object*> all;
    while (object* const p = pool.try_create())
        all.push_back(p);
    pool.destroy_n(all);
    step = 2;
    step.notify_one();
    return all.size();
}

TEST(cached_pool, leaves_most_of_a_limit_to_other_threads) {
    cenote::cached_pool<object> few{cenote::growth::up_to(511)};
    EXPECT_EQ(left_by_another_thread(few, 511), 511U) << "a limit below 512 is exact";
    cenote::cached_pool<object> many{cenote::growth::up_to(6400)};
    EXPECT_GE(left_by_another_thread(many, 6400), 6400U - 100);
}

TEST(cached_pool, leaves_most_of_a_bounded_source_to_other_threads) {
    alignas(64) static std::byte buffer[(64 + cenote::canary_bytes) * 1024];
    cenote::cached_pool<object, cenote::pool_options{}, cenote::buffer_source> pool{
        cenote::growth{}, cenote::buffer_source{buffer, sizeof buffer}};
    EXPECT_GE(left_by_another_thread(pool, 900), 900U);
}

struct by_this_test;

TEST(static_cached_pool, has_handles_that_are_all_the_same_pool) {
    cenote::static_cached_pool<object, by_this_test> one;
    const auto copy = one;
    object* const p = one.create();
    EXPECT_TRUE(copy.is_live(p));
    EXPECT_EQ(copy.live(), 1U);
    one.destroy(p);
    EXPECT_EQ(copy.live(), 0U);
}

struct ten_at_most {
    static constexpr auto policy = cenote::growth::fixed(10);
};
TEST(static_cached_pool, grows_as_its_tag_says_and_visits_its_objects) {
    cenote::static_cached_pool<object, ten_at_most> pool;
    std::vector<object*> objects;
    while (object* const p = pool.try_create())
        objects.push_back(p);
    EXPECT_EQ(objects.size(), 10U);
#if CENOTE_EXCEPTIONS
    EXPECT_THROW((void)pool.create(), std::bad_alloc);
#endif
    std::size_t seen = 0;
    pool.for_each([&](object&) { ++seen; });
    EXPECT_EQ(seen, 10U);
    for (object* const p : objects)
        pool.destroy(p);
    EXPECT_GT(pool.trim(), 0U);
    EXPECT_EQ(pool.stats().bytes, 0U);
}

} // namespace
} // namespace cenote_test
