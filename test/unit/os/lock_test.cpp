#include "cenote/os/lock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <ctime>
#include <thread>
#include <vector>

namespace cenote_test {
namespace {

using cenote::detail::locked_scope;
using cenote::detail::short_lock;
using cenote::detail::tried_scope;

TEST(short_lock, is_constant_initialised_and_four_bytes) {
    static constinit short_lock lock;
    static_assert(sizeof(lock) == 4);
    const locked_scope hold{lock};
    EXPECT_FALSE(lock.try_lock());
}

TEST(short_lock, can_be_taken_again_after_a_scope) {
    short_lock lock;
    { const locked_scope hold{lock}; }
    EXPECT_TRUE(lock.try_lock());
    EXPECT_FALSE(lock.try_lock());
    lock.unlock();
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
}

TEST(short_lock, is_tried_by_who_may_not_wait) {
    short_lock lock;
    {
        const tried_scope hold{lock, false};
        EXPECT_TRUE(hold);
        const tried_scope other{lock, false};
        EXPECT_FALSE(other);
    }
    const tried_scope waits{lock, true};
    EXPECT_TRUE(waits);
    EXPECT_FALSE(lock.try_lock());
}

TEST(short_lock, lets_one_in_at_a_time) {
    short_lock lock;
    std::size_t count = 0; // guarded by the lock alone
    std::vector<std::thread> threads;
    for (int t = 0; t != 8; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i != 20'000; ++i) {
                const locked_scope hold{lock};
                ++count;
            }
        });
    for (std::thread& t : threads)
        t.join();
    EXPECT_EQ(count, 160'000U);
}

// Nanoseconds of processor time that this program has used.
long long processor_time() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

TEST(short_lock, lets_waiters_sleep_while_its_holder_is_away) {
    short_lock lock;
    std::vector<std::thread> threads;
    lock.lock();
    const long long before = processor_time();
    for (int t = 0; t != 8; ++t)
        threads.emplace_back([&] { const locked_scope hold{lock}; });
    std::this_thread::sleep_for(std::chrono::milliseconds{400});
    const long long used = processor_time() - before;
    lock.unlock();
    for (std::thread& t : threads)
        t.join();
    // Spinning would have used two processors for all of the 400 ms.
    EXPECT_LT(used, 200'000'000);
}

} // namespace
} // namespace cenote_test
