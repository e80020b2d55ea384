#include "cenote/heap/heap.hpp"

#include "unit/support/heap_parts.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace cenote_test {
namespace {

using cenote::heap;
using cenote::heap_stats;
using cenote::size_class_stats;

TEST(heap_stats_of, a_heap_without_a_block_are_all_0) {
    heap h{{.limit = 1_GiB}};
    const heap_stats s = h.stats();
    EXPECT_EQ(s.live + s.in_magazines + s.free + s.held + s.most_held, 0U);
    EXPECT_EQ(s.large_live + s.mapping_live + s.mapping_cache + s.caches, 0U);
    EXPECT_EQ(s.limit, 1_GiB);
}

// While another thread has magazines, what leaves a full one waits in a depot, and is as little live.
TEST(heap_stats_of, live_blocks_are_exact_whatever_waits_in_depots) {
    heap h;
    std::atomic<bool> is_there{false};
    std::jthread other{[&](const std::stop_token& stop) {
        h.deallocate(h.allocate(64));
        is_there = true;
        while (!stop.stop_requested())
            std::this_thread::yield();
    }};
    while (!is_there.load())
        std::this_thread::yield();
    std::vector<void*> all(20);
    for (void*& p : all)
        p = h.allocate(64_KiB);
    const auto c = cenote::detail::class_for(64_KiB);
    for (std::size_t live = all.size(); live-- != 0;) {
        h.deallocate(all[live]);
        EXPECT_EQ(h.stats_of(c).live, live);
        EXPECT_EQ(h.stats().live, live * 64_KiB);
    }
}

TEST(heap_stats_of, live_blocks_are_exact_whatever_waits_in_magazines) {
    heap h;
    std::vector<void*> small;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i != 3000; ++i) {
        small.push_back(h.allocate(1 + i * 20));
        bytes += h.usable_size(small.back());
        ASSERT_EQ(h.stats().live, bytes);
    }
    void* const large = h.allocate(200_KiB);
    void* const mapped = h.allocate(10_MiB);
    heap_stats s = h.stats();
    EXPECT_EQ(s.large_live, 256_KiB);
    EXPECT_EQ(s.mapping_live, 10_MiB);
    EXPECT_EQ(s.live, bytes + 256_KiB + 10_MiB);
    EXPECT_EQ(s.caches, 1U);
    h.deallocate(mapped);
    EXPECT_EQ(h.stats().mapping_live, 0U);
    EXPECT_EQ(h.stats().mapping_cache, 10_MiB);
    h.deallocate(large);
    EXPECT_EQ(h.stats().large_live, 0U);
    for (void* const p : small) {
        bytes -= h.usable_size(p);
        h.deallocate(p);
        ASSERT_EQ(h.stats().live, bytes);
    }
    s = h.stats();
    EXPECT_EQ(s.live, 0U);
    EXPECT_LE(s.in_magazines + s.free + s.mapping_cache, s.held);
    EXPECT_EQ(s.most_held, std::max(s.most_held, s.held));
    h.trim();
    EXPECT_EQ(h.stats().held, 0U);
    EXPECT_EQ(h.stats().most_held, s.most_held);
}

TEST(heap_stats_of, a_size_class_count_its_blocks) {
    heap h;
    const size_class c = cenote::detail::class_for(100);
    size_class_stats s = h.stats_of(c);
    EXPECT_EQ(s.block_size, 112U);
    EXPECT_EQ(s.live + s.in_magazines + s.capacity + s.slabs + s.refills + s.flushes, 0U);
    std::vector<void*> all;
    for (int i = 0; i != 10'000; ++i)
        all.push_back(h.allocate(100));
    s = h.stats_of(c);
    EXPECT_EQ(s.live, 10'000U);
    EXPECT_GE(s.capacity, s.live + s.in_magazines);
    EXPECT_GE(s.slabs, 10'000U * 112 / 64_KiB);
    EXPECT_GT(s.refills, 0U);
    EXPECT_EQ(h.stats_of(cenote::detail::class_for(200)).live, 0U);
    for (void* const p : all)
        h.deallocate(p);
    s = h.stats_of(c);
    EXPECT_EQ(s.live, 0U);
    EXPECT_GT(s.flushes, 0U);
}

TEST(heap_stats_of, blocks_in_the_magazines_of_other_threads_are_not_live) {
    heap h;
    std::atomic<int> step{0};
    std::thread other{[&] {
        std::vector<void*> all;
        for (int i = 0; i != 500; ++i)
            all.push_back(h.allocate(64));
        for (void* const p : all)
            h.deallocate(p);
        step = 1;
        while (step.load() != 2)
            std::this_thread::yield();
    }};
    while (step.load() != 1)
        std::this_thread::yield();
    void* const mine = h.allocate(64);
    const heap_stats s = h.stats();
    EXPECT_EQ(s.live, 64U);
    EXPECT_GT(s.in_magazines, 0U);
    EXPECT_EQ(s.caches, 2U);
    EXPECT_TRUE(h.is_live(mine));
    EXPECT_TRUE(h.valid());
    step = 2;
    other.join();
    EXPECT_EQ(h.stats().caches, 1U);
    h.deallocate(mine);
}

// Busy threads make the figures those of some moment, but figures of a moment that could be.
TEST(heap_stats_of, a_busy_heap_are_possible_ones) {
    heap h;
    std::atomic<bool> ends{false};
    std::vector<std::thread> busy;
    for (unsigned t = 0; t != 3; ++t)
        busy.emplace_back([&, t] {
            while (!ends.load(std::memory_order_relaxed)) {
                std::vector<void*> all;
                for (std::size_t i = 0; i != 500; ++i)
                    all.push_back(h.allocate(16 + i * 40 + t));
                for (void* const p : all)
                    h.deallocate(p);
            }
        });
    for (int i = 0; i != 300; ++i) {
        const heap_stats s = h.stats();
        ASSERT_LE(s.held, s.most_held);
        ASSERT_LE(s.live, 64_MiB);
        ASSERT_LE(s.in_magazines, 64_MiB);
        ASSERT_LE(s.caches, 3U);
        const size_class_stats of = h.stats_of(cenote::detail::class_for(1000));
        ASSERT_LE(of.live, of.capacity);
    }
    ends = true;
    for (std::thread& t : busy)
        t.join();
    EXPECT_EQ(h.stats().live, 0U);
    EXPECT_EQ(h.stats().in_magazines, 0U);
    EXPECT_TRUE(h.valid());
}

} // namespace
} // namespace cenote_test
