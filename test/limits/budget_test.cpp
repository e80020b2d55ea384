// A budget alone: what it refuses, and when it calls.
#include "cenote/base/budget.hpp"

#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <vector>

namespace cenote_test {
namespace {

using cenote::budget;
using cenote::limit_event;
using cenote::limit_kind;

// Remembers what it was called with.
struct calls {
    std::vector<limit_event> events;
    static void note(const limit_event& event, void* self) {
        static_cast<calls*>(self)->events.push_back(event);
    }
};

TEST(budget, has_no_limit_at_first) {
    budget b;
    EXPECT_TRUE(b.charge(std::size_t{1} << 60));
    EXPECT_EQ(b.held(), std::size_t{1} << 60);
    EXPECT_EQ(b.limit(), budget::no_limit);
    EXPECT_FALSE(b.call_back(false));
}

TEST(budget, refuses_what_goes_beyond_its_limit_and_charges_nothing_then) {
    budget b{100};
    EXPECT_TRUE(b.charge(60));
    EXPECT_FALSE(b.charge(41));
    EXPECT_EQ(b.held(), 60U);
    EXPECT_TRUE(b.charge(40));
    b.uncharge(100);
    EXPECT_EQ(b.held(), 0U);
    EXPECT_EQ(b.most_held(), 100U);
    EXPECT_FALSE(b.charge(budget::no_limit));
}

TEST(budget, holds_what_it_holds_when_its_limit_falls_below_that) {
    budget b{100};
    EXPECT_TRUE(b.charge(80));
    b.set_limit(50);
    EXPECT_EQ(b.held(), 80U);
    EXPECT_FALSE(b.charge(1));
    b.uncharge(31);
    EXPECT_TRUE(b.charge(1));
}

TEST(budget, calls_when_a_request_was_refused_and_has_it_tried_again) {
    budget b{100};
    calls noted;
    b.on_limit(&calls::note, &noted);
    EXPECT_FALSE(b.charge(101));
    EXPECT_TRUE(b.call_back(true));
    ASSERT_EQ(noted.events.size(), 1U);
    EXPECT_EQ(noted.events[0].kind, limit_kind::hard);
    EXPECT_EQ(noted.events[0].limit, 100U);
    EXPECT_EQ(noted.events[0].held, 0U);
    EXPECT_FALSE(b.call_back(true)) << "nothing was refused since";
}

TEST(budget, calls_for_no_refusal_but_its_own) {
    budget mine{100};
    budget other{0};
    calls noted;
    mine.on_limit(&calls::note, &noted);
    EXPECT_FALSE(other.charge(1));
    EXPECT_FALSE(mine.call_back(true));
    EXPECT_TRUE(noted.events.empty());
}

TEST(budget, calls_nothing_for_a_request_that_had_less_in_the_end) {
    budget b{100};
    calls noted;
    b.on_limit(&calls::note, &noted);
    EXPECT_FALSE(b.charge(101));
    EXPECT_TRUE(b.charge(50));
    EXPECT_FALSE(b.call_back(false));
    EXPECT_TRUE(noted.events.empty());
}

TEST(budget, calls_once_each_time_that_the_soft_limit_is_passed) {
    budget b;
    calls noted;
    b.set_soft_limit(100);
    b.on_limit(&calls::note, &noted);
    EXPECT_TRUE(b.charge(100));
    EXPECT_FALSE(b.call_back(false));
    EXPECT_TRUE(noted.events.empty()) << "not before it is passed";
    EXPECT_TRUE(b.charge(1));
    EXPECT_FALSE(b.call_back(false)) << "nothing to try again";
    ASSERT_EQ(noted.events.size(), 1U);
    EXPECT_EQ(noted.events[0].kind, limit_kind::soft);
    EXPECT_EQ(noted.events[0].held, 101U);
    EXPECT_EQ(noted.events[0].limit, 100U);
    EXPECT_TRUE(b.charge(500));
    b.call_back(false);
    EXPECT_EQ(noted.events.size(), 1U);
    b.uncharge(501);
    EXPECT_TRUE(b.charge(1));
    b.call_back(false);
    EXPECT_EQ(noted.events.size(), 2U);
}

TEST(budget, calls_nothing_from_within_a_callback) {
    struct nested {
        budget b{100};
        int calls = 0;
    } state;
    state.b.on_limit(
        [](const limit_event&, void* self) {
            auto& in = *static_cast<nested*>(self);
            ++in.calls;
            EXPECT_FALSE(in.b.charge(1000));
            EXPECT_FALSE(in.b.call_back(true));
        },
        &state);
    EXPECT_FALSE(state.b.charge(101));
    EXPECT_TRUE(state.b.call_back(true));
    EXPECT_EQ(state.calls, 1);
    EXPECT_FALSE(state.b.charge(101));
    EXPECT_TRUE(state.b.call_back(true)) << "and calls again later";
    EXPECT_EQ(state.calls, 2);
}

TEST(budget, is_never_exceeded_by_threads_together) {
    budget b{1000};
    std::atomic<std::size_t> refused{0};
    on_threads(4, [&](unsigned) {
        for (int i = 0; i != 20'000; ++i) {
            if (b.charge(300)) {
                EXPECT_LE(b.held(), 1000U);
                b.uncharge(300);
            } else {
                refused.fetch_add(1);
            }
        }
    });
    EXPECT_EQ(b.held(), 0U);
    EXPECT_LE(b.most_held(), 900U);
}

} // namespace
} // namespace cenote_test
