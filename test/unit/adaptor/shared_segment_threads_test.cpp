// A pool in a shared segment that several threads use, each by one of two openings; also under ThreadSanitizer.
#include "cenote/adaptor/shared_segment_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <unistd.h>
#include <vector>

namespace cenote_test {
namespace {

using cenote::handle;
using cenote::segment_descriptor;
using cenote::segment_error;

struct job {
    std::uint64_t number;
};
using jobs = cenote::shared_segment_pool<job>;

TEST(threads_on_a_segment, own_what_they_create) {
    if (!cenote::shared_memory::supported) GTEST_SKIP() << "not on this system";
    jobs pool;
    jobs other;
    ASSERT_EQ(pool.try_open(nullptr, {.capacity = 40, .participants = 4}), segment_error::none);
    const segment_descriptor d{pool.new_descriptor()};
    ASSERT_EQ(other.try_open(d), segment_error::none);
    ::close(d.value);
    std::atomic<std::uint64_t> post{0};
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (std::uint64_t t = 1; t != 5; ++t)
        threads.emplace_back([&, t] {
            jobs& mine = t % 2 == 0 ? pool : other;
            std::vector<handle<job>> own;
            for (std::uint64_t i = 0; i != 5'000; ++i) {
                if (own.size() < 9)
                    if (const auto h = mine.try_create(job{t << 32 | i})) own.push_back(h);
                if (i % 7 == 0 && !own.empty()) {
                    // Acquire and release: who takes it sees the object's number.
                    const auto taken =
                        handle<job>::from_value(post.exchange(own.back().value(), std::memory_order_acq_rel));
                    own.pop_back();
                    if (taken) {
                        if (mine.adopt(taken) == nullptr) ++wrong;
                        own.push_back(taken);
                    }
                }
                if (i % 64 == 0) wrong += static_cast<int>(mine.reclaim()) + static_cast<int>(!mine.valid());
                if (own.size() >= 5) {
                    wrong += mine.get(own.front()) == nullptr || !mine.destroy(own.front());
                    own.erase(own.begin());
                }
            }
            for (const auto h : own)
                wrong += static_cast<int>(!mine.destroy(h));
        });
    for (std::thread& t : threads)
        t.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(pool.stats().live, post.load() != 0 ? 1U : 0U);
    EXPECT_TRUE(pool.valid());
}

} // namespace
} // namespace cenote_test
