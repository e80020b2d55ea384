#include "cenote/os/clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <thread>

namespace cenote_test {
namespace {

using cenote::detail::coarse_milliseconds;

TEST(clock, never_goes_back_and_advances) {
    const std::uint64_t start = coarse_milliseconds();
    std::uint64_t last = start;
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{40};
    while (std::chrono::steady_clock::now() < until) {
        const std::uint64_t now = coarse_milliseconds();
        ASSERT_GE(now, last);
        last = now;
    }
    EXPECT_GE(last - start, 20U) << "of 40 ms, each step at most 10";
}

TEST(clock, fine_and_coarse_are_the_same) {
    const std::uint64_t before = coarse_milliseconds();
    const std::uint64_t between = cenote::detail::fine_nanoseconds() / 1'000'000;
    const std::uint64_t limit = coarse_milliseconds() + 11; // a step, and the part of a millisecond
    EXPECT_GE(between, before);
    EXPECT_LE(between, limit);
}

TEST(clock, of_a_thread_goes_on_with_its_own_work_alone) {
    using cenote::detail::thread_nanoseconds;
    const std::uint64_t start = thread_nanoseconds();
    std::thread{[] {
        const std::uint64_t there = thread_nanoseconds();
        while (thread_nanoseconds() < there + 20'000'000) {
        }
    }}.join();
    EXPECT_LT(thread_nanoseconds(), start + 20'000'000);
    while (thread_nanoseconds() < start + 5'000'000) {
    }
}

TEST(clock, of_processors_goes_on_with_the_work_of_all_threads) {
    const std::uint64_t start = cenote::detail::processor_milliseconds();
    std::thread{[&] {
        while (cenote::detail::processor_milliseconds() < start + 5) {
        }
    }}.join();
    EXPECT_GE(cenote::detail::processor_milliseconds(), start + 5);
}

TEST(clock, is_the_same_in_every_thread) {
    const std::uint64_t before = coarse_milliseconds();
    std::uint64_t there = 0;
    std::thread{[&] { there = coarse_milliseconds(); }}.join();
    EXPECT_GE(there, before);
    EXPECT_LE(there, coarse_milliseconds());
}

} // namespace
} // namespace cenote_test
