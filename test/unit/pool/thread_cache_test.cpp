#include "cenote/pool/thread_cache.hpp"

#include <gtest/gtest.h>
#include <set>

#include <cstddef>
#include <cstdint>
#include <thread>

namespace cenote_test {
namespace {

using namespace cenote::detail;

// The table of a thread that ends with the test, so that no other test's pools are in it.
template <class Body>
void in_a_fresh_thread(Body body) {
    {
        const locked_scope hold{shared_pools.members};
        thread_table::watch_ends();
    }
    std::thread{body}.join();
}

TEST(thread_table, has_no_magazine_at_first) {
    in_a_fresh_thread([] {
        for (const std::uint32_t n : {0U, 1U, 511U, 512U, registry::max_numbers - 1, registry::no_number}) {
            EXPECT_EQ(magazine_of_this_thread(n), nullptr);
            EXPECT_TRUE(top_of_this_thread(thread_table::distance_to_top(n)).is_closed());
        }
    });
}

TEST(thread_table, has_what_was_set_also_after_it_has_grown) {
    in_a_fresh_thread([] {
        thread_magazine one;
        thread_magazine other;
        ASSERT_TRUE(this_thread.prepare(3));
        this_thread.set(3, one);
        ASSERT_TRUE(this_thread.prepare(100'000));
        this_thread.set(100'000, other);
        EXPECT_EQ(magazine_of_this_thread(3), &one);
        EXPECT_EQ(magazine_of_this_thread(100'000), &other);
        EXPECT_EQ(magazine_of_this_thread(99'999), nullptr);
        this_thread.clear(3);
        this_thread.clear(100'000);
        EXPECT_EQ(magazine_of_this_thread(3), nullptr);
    });
}

TEST(thread_table, has_a_near_top_for_each_low_number_and_one_far_top_for_all_others) {
    in_a_fresh_thread([] {
        const auto top_for = [](std::uint32_t number) {
            return &top_of_this_thread(thread_table::distance_to_top(number));
        };
        std::set<const watched_top*> near;
        for (std::uint32_t n = 0; n != thread_table::far; ++n)
            near.insert(top_for(n));
        EXPECT_EQ(near.size(), thread_table::far);
        EXPECT_FALSE(near.contains(top_for(thread_table::far)));
        EXPECT_EQ(top_for(100'000), top_for(thread_table::far));
        EXPECT_EQ(top_for(registry::no_number), top_for(thread_table::far));
    });
}

TEST(thread_table, retires_each_magazine_when_its_thread_ends) {
    thread_magazine mine;
    int retired = 0;
    mine.engine = &retired;
    mine.retire = [](thread_magazine&, void* count) noexcept { ++*static_cast<int*>(count); };
    in_a_fresh_thread([&] {
        ASSERT_TRUE(this_thread.prepare(7));
        this_thread.set(7, mine);
    });
    EXPECT_EQ(retired, 1);
}

TEST(thread_magazine, keeps_its_blocks_when_its_top_moves) {
    std::byte* slots[4];
    std::byte block{};
    watched_top elsewhere;
    basic_magazine<watched_top*> m{&elsewhere, slots, 4};
    m.push(&block);
    watched_top here;
    m.move_top(&here);
    elsewhere = watched_top{};
    EXPECT_EQ(m.size(), 1U);
    EXPECT_EQ(m.capacity(), 3U);
    EXPECT_TRUE(m.holds(&block));
}

} // namespace
} // namespace cenote_test
