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
            EXPECT_TRUE(end_of_this_thread(thread_table::distance_to_end(n)).is_closed());
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

TEST(thread_table, has_a_near_end_for_each_low_number_and_one_far_end_for_all_others) {
    in_a_fresh_thread([] {
        const auto end_for = [](std::uint32_t number) {
            return &end_of_this_thread(thread_table::distance_to_end(number));
        };
        std::set<const watched_end*> near;
        for (std::uint32_t n = 0; n != thread_table::far; ++n)
            near.insert(end_for(n));
        EXPECT_EQ(near.size(), thread_table::far);
        EXPECT_FALSE(near.contains(end_for(thread_table::far)));
        EXPECT_EQ(end_for(100'000), end_for(thread_table::far));
        EXPECT_EQ(end_for(registry::no_number), end_for(thread_table::far));
    });
}

TEST(thread_table, retires_each_magazine_when_its_thread_ends) {
    thread_magazine magazine;
    int retired = 0;
    magazine.engine = &retired;
    magazine.retire = [](thread_magazine&, void* count) noexcept { ++*static_cast<int*>(count); };
    in_a_fresh_thread([&] {
        ASSERT_TRUE(this_thread.prepare(7));
        this_thread.set(7, magazine);
    });
    EXPECT_EQ(retired, 1);
}

TEST(closed_end, is_empty_and_full) {
    const watched_end end;
    EXPECT_TRUE(end.is_closed());
    EXPECT_EQ(end.top()[-1], nullptr);
    EXPECT_TRUE(end.is_full(end.top()));
}

TEST(thread_magazine, keeps_its_blocks_when_its_open_end_moves) {
    std::byte* slots[4];
    std::byte block{};
    watched_end elsewhere{slots + 1, slots + 4};
    basic_magazine<watched_end*> m{&elsewhere, slots};
    m.push(&block);
    watched_end here;
    m.move_end(&here);
    elsewhere = watched_end{};
    EXPECT_EQ(m.size(), 1U);
    EXPECT_EQ(m.capacity(), 3U);
    EXPECT_TRUE(m.holds(&block));
}

} // namespace
} // namespace cenote_test
