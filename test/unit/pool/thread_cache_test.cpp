#include "cenote/pool/thread_cache.hpp"

#include <gtest/gtest.h>

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
        for (const std::uint32_t n : {0U, 1U, 511U, 512U, registry::max_numbers - 1, registry::no_number})
            EXPECT_EQ(&magazine_of_this_thread(n), &no_magazine);
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
        EXPECT_EQ(&magazine_of_this_thread(3), &one);
        EXPECT_EQ(&magazine_of_this_thread(100'000), &other);
        EXPECT_EQ(&magazine_of_this_thread(99'999), &no_magazine);
        this_thread.clear(3);
        this_thread.clear(100'000);
        EXPECT_EQ(&magazine_of_this_thread(3), &no_magazine);
    });
}

TEST(thread_table, retires_each_magazine_when_its_thread_ends) {
    thread_magazine magazine;
    int retired = 0;
    thread_magazine* direct = &magazine;
    magazine.engine = &retired;
    magazine.direct = &direct;
    magazine.retire = [](thread_magazine&, void* count) noexcept { ++*static_cast<int*>(count); };
    in_a_fresh_thread([&] {
        ASSERT_TRUE(this_thread.prepare(7));
        this_thread.set(7, magazine);
    });
    EXPECT_EQ(retired, 1);
    EXPECT_EQ(direct, &no_magazine);
}

TEST(no_magazine, is_empty_and_full) {
    EXPECT_EQ(no_magazine.blocks.last(), nullptr);
    EXPECT_TRUE(no_magazine.blocks.full());
    EXPECT_EQ(no_magazine.blocks.capacity(), 0U);
}

} // namespace
} // namespace cenote_test
