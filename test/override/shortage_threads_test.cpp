// Several threads come to the end of memory at once. A program of its own: what glibc reserves for each thread would
// else be missing from the room of other tests.
#include "override/shortage.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <thread>
#include <vector>

namespace cenote_test {
namespace {

TEST(exhausted, threads_fail_together_and_recover_together) {
    constexpr int threads = 3;
    std::atomic<int> ready{0};
    std::atomic<bool> short_now{false};
    std::atomic<int> failed{0};
    std::atomic<bool> over{false};
    std::atomic<int> recovered{0};
    std::vector<std::thread> all;
    for (int t = 0; t != threads; ++t)
        all.emplace_back([&, t] {
            std::free(std::malloc(hidden(100UL)));
            ready.fetch_add(1);
            while (!short_now.load())
                std::this_thread::yield();
            for (int round = 0; round != 5; ++round) {
                const everything mine{[](std::size_t n) { return std::malloc(n); }, 1000U << t};
                if (mine.error == ENOMEM) failed.fetch_add(1);
            }
            while (!over.load())
                std::this_thread::yield();
            void* const p = std::malloc(hidden(1'000'000UL));
            if (p != nullptr) recovered.fetch_add(1);
            std::free(p);
        });
    while (ready.load() != threads)
        std::this_thread::yield();
    {
        const shortage now;
        short_now = true;
        while (failed.load() != threads * 5)
            std::this_thread::yield();
    }
    over = true;
    for (std::thread& t : all)
        t.join();
    EXPECT_EQ(recovered.load(), threads);
}

} // namespace
} // namespace cenote_test
