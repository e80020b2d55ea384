#include "memory/object_limit.hpp"

#include <atomic>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace packet_server {
namespace {

TEST(OwnLimit, HoldsExactly) {
    own_limit::common whole(2);
    own_limit limit(whole);
    EXPECT_TRUE(limit.take());
    EXPECT_TRUE(limit.take());
    EXPECT_FALSE(limit.take());
    limit.give_back();
    EXPECT_TRUE(limit.take());
}

TEST(LimitShare, SmallLimitsAreExact) {
    limit_share::common whole(2);
    limit_share a(whole);
    limit_share b(whole);
    EXPECT_TRUE(a.take());
    EXPECT_TRUE(b.take());
    EXPECT_FALSE(a.take());
    b.give_back();
    EXPECT_TRUE(a.take());
    EXPECT_FALSE(b.take());
}

TEST(LimitShare, LargeLimitsLeaveAFewPlacesWithOthers) {
    constexpr std::size_t most = 100'000;
    limit_share::common whole(most);
    limit_share a(whole);
    limit_share b(whole);
    for (int i = 0; i < 1000; ++i)
        ASSERT_TRUE(a.take());
    for (int i = 0; i < 1000; ++i)
        a.give_back();
    std::size_t got = 0;
    while (b.take())
        ++got;
    EXPECT_LE(got, most);
    EXPECT_GE(got, most - most / 512);
}

TEST(LimitShare, ADeadShareLeavesNothingBehind) {
    limit_share::common whole(5000);
    {
        limit_share gone(whole);
        ASSERT_TRUE(gone.take());
        gone.give_back();
    }
    EXPECT_EQ(whole.take(10'000), 5000U);
}

TEST(LimitShare, ThreadsNeverExceedTheLimitTogether) {
    constexpr std::size_t most = 3000;
    limit_share::common whole(most);
    std::atomic<std::size_t> live{0};
    std::atomic<bool> exceeded{false};
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            limit_share share(whole);
            std::size_t mine = 0;
            for (int i = 0; i < 20'000; ++i) {
                if (i % 5 != 4) {
                    if (!share.take()) continue;
                    ++mine;
                    if (live.fetch_add(1) >= most) exceeded = true;
                } else if (mine != 0) {
                    --mine;
                    live.fetch_sub(1);
                    share.give_back();
                }
            }
            for (; mine != 0; --mine) {
                live.fetch_sub(1);
                share.give_back();
            }
        });
    }
    threads.clear();
    EXPECT_FALSE(exceeded);
    EXPECT_EQ(whole.take(2 * most), most);
}

} // namespace
} // namespace packet_server
