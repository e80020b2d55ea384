#include "cenote/heap/heap.hpp"

#include "heap/sampling.hpp"

#include "cenote/source/vm_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <thread>
#include <vector>

namespace cenote_test {
namespace {

using cenote::heap;
using cenote::detail::sampling_counts;

TEST(sampling_counts_of, draws_are_about_their_mean) {
    for (const std::uint64_t mean : {1ULL, 2ULL, 10ULL, 4096ULL, 524'288ULL}) {
        sampling_counts counts;
        counts.seed(7);
        constexpr int draws = 100'000;
        std::int64_t sum = 0;
        for (int i = 0; i != draws; ++i) {
            const std::int64_t drawn = counts.draw(mean);
            ASSERT_GE(drawn, static_cast<std::int64_t>(mean - mean / 2));
            ASSERT_LE(drawn, static_cast<std::int64_t>(mean + mean / 2));
            sum += drawn;
        }
        EXPECT_NEAR(static_cast<double>(sum) / draws, static_cast<double>(mean),
                    static_cast<double>(mean) / 100);
    }
}

TEST(sampling_counts_of, two_seeds_draw_different_numbers) {
    sampling_counts a;
    sampling_counts b;
    a.seed(1);
    b.seed(2);
    int same = 0;
    for (int i = 0; i != 100; ++i)
        same += a.draw(1000) == b.draw(1000) ? 1 : 0;
    EXPECT_LT(same, 5);
}

class a_heap_that_guards : public ::testing::Test {
protected:
    ~a_heap_that_guards() override { EXPECT_TRUE(h.valid()); }
    std::uint64_t guarded() const { return h.stats().guarded; }
    heap h;
};

TEST_F(a_heap_that_guards, guards_nothing_unasked) {
    for (int i = 0; i != 100'000; ++i)
        h.deallocate(h.allocate(100), 100);
    EXPECT_EQ(guarded(), 0U);
}

TEST_F(a_heap_that_guards, guards_every_allocation_at_rate_1_while_there_are_places) {
    h.set_guard_rate(1, 10);
    std::vector<void*> blocks;
    for (int i = 0; i != 15; ++i)
        blocks.push_back(h.allocate(100));
    EXPECT_EQ(guarded(), 10U);
    EXPECT_EQ(h.stats().guarded_live, 1000U);
    for (void* const p : blocks) {
        EXPECT_TRUE(h.owns(p));
        EXPECT_TRUE(h.is_live(p));
        std::memset(p, 1, 100);
        h.deallocate(p);
        EXPECT_FALSE(h.is_live(p));
    }
    EXPECT_EQ(h.stats().guarded_live, 0U);
    EXPECT_EQ(h.stats().live, 0U);
}

// The standard deviation of these counts is below a third of a per cent.
TEST_F(a_heap_that_guards, draws_one_in_ten_of_all_allocations) {
    h.set_guard_rate(10);
    for (int i = 0; i != 50'000; ++i) {
        h.deallocate(h.allocate(static_cast<std::size_t>(i) % 4000));
        h.deallocate(h.allocate(48), 48);
    }
    EXPECT_GE(guarded(), 9'800U);
    EXPECT_LE(guarded(), 10'200U);
}

TEST_F(a_heap_that_guards, draws_one_in_ten_of_what_fits_in_a_page) {
    h.set_guard_rate(10);
    for (int i = 0; i != 10'000; ++i) {
        h.deallocate(h.allocate(100));
        h.deallocate(h.allocate(10'000));
        if (i % 100 == 0) h.deallocate(h.allocate(100'000));
    }
    EXPECT_GE(guarded(), 960U);
    EXPECT_LE(guarded(), 1'040U);
}

// Counted when blocks come into a magazine: here each does, and goes back.
TEST_F(a_heap_that_guards, draws_one_in_thousands_of_what_comes_into_magazines) {
    h.set_guard_rate(2000);
    std::vector<void*> blocks(20'000);
    for (int round = 0; round != 40; ++round) {
        for (void*& p : blocks)
            p = h.allocate(64);
        for (void* const p : blocks)
            h.deallocate(p, 64);
    }
    EXPECT_GE(guarded(), 300U);
    EXPECT_LE(guarded(), 460U);
}

TEST_F(a_heap_that_guards, does_not_draw_in_bulk_what_never_leaves_a_magazine) {
    h.set_guard_rate(2000);
    for (int i = 0; i != 100'000; ++i)
        h.deallocate(h.allocate(64), 64);
    EXPECT_EQ(guarded(), 0U);
}

TEST_F(a_heap_that_guards, blocks_are_as_any_others) {
    h.set_guard_rate(1, 200);
    for (const std::size_t size : {0UL, 1UL, 24UL, 100UL, 1000UL, 4096UL}) {
        void* const p = h.allocate(size);
        EXPECT_EQ(h.usable_size(p), std::max<std::size_t>(size, 1));
        h.deallocate(p, size);
        void* const aligned = h.allocate(size, 512);
        EXPECT_TRUE(cenote::detail::is_aligned(aligned, 512));
        h.deallocate(aligned, size, 512);
        auto* const zeroed = static_cast<unsigned char*>(h.allocate_zeroed(size));
        EXPECT_TRUE(std::all_of(zeroed, zeroed + size, [](unsigned char c) { return c == 0; }));
        h.deallocate(zeroed);
    }
    h.delete_object(h.new_object<std::vector<int>>(10U));
    EXPECT_GT(guarded(), 18U);
    EXPECT_EQ(h.stats().live, 0U);
}

TEST_F(a_heap_that_guards, reallocated_blocks_keep_their_contents) {
    h.set_guard_rate(1, 200);
    auto* p = static_cast<unsigned char*>(h.allocate(10));
    std::memset(p, 7, 10);
    for (const std::size_t size : {20UL, 4000UL, 5000UL, 100'000UL, 3000UL, 10UL}) {
        p = static_cast<unsigned char*>(h.reallocate(p, size));
        EXPECT_TRUE(std::all_of(p, p + 10, [](unsigned char c) { return c == 7; })) << size;
    }
    h.deallocate(p);
    EXPECT_EQ(h.stats().live, 0U);
}

TEST_F(a_heap_that_guards, may_stop_and_go_on) {
    h.set_guard_rate(1);
    void* const p = h.allocate(100);
    h.set_guard_rate(0);
    h.deallocate(h.allocate(100), 100);
    EXPECT_EQ(guarded(), 1U);
    h.deallocate(p, 100);
    EXPECT_EQ(h.stats().live, 0U);
    h.set_guard_rate(1);
    h.deallocate(h.allocate(100));
    EXPECT_EQ(guarded(), 2U);
}

TEST_F(a_heap_that_guards, charges_its_limit_and_does_without_where_there_is_no_room) {
    h.deallocate(h.allocate(100));
    h.set_limit(h.stats().held);
    h.set_guard_rate(1);
    void* const p = h.allocate(100);
    EXPECT_EQ(guarded(), 0U);
    h.deallocate(p, 100);
}

TEST_F(a_heap_that_guards, gives_pages_back_when_trimmed) {
    h.set_guard_rate(1);
    for (int i = 0; i != 10; ++i)
        h.deallocate(h.allocate(100));
    EXPECT_GE(h.trim(), 10 * cenote::vm::page_size());
}

TEST(a_heap_on_a_source, guards_nothing) {
    cenote::vm_source memory;
    heap h{{.source = cenote::any_source{memory}}};
    h.set_guard_rate(1);
    h.deallocate(h.allocate(100));
    EXPECT_EQ(h.stats().guarded, 0U);
}

TEST_F(a_heap_that_guards, threads_free_each_others_blocks) {
    h.set_guard_rate(3, 32);
    constexpr std::size_t count = 200;
    std::vector<std::vector<void*>> blocks(4, std::vector<void*>(count));
    for (int round = 0; round != 4; ++round) {
        const auto with_all = [&](auto work) {
            std::vector<std::thread> threads;
            for (std::size_t i = 0; i != 4; ++i)
                threads.emplace_back([&, i] { work(i); });
            for (std::thread& t : threads)
                t.join();
        };
        with_all([&](std::size_t i) {
            for (std::size_t k = 0; k != count; ++k) {
                blocks[i][k] = h.allocate(k + 1);
                std::memset(blocks[i][k], static_cast<int>(i), k + 1);
                h.deallocate(h.allocate(k + 1), k + 1);
            }
        });
        with_all([&](std::size_t i) {
            for (void* const p : blocks[(i + 1) % 4])
                h.deallocate(p);
        });
    }
    EXPECT_EQ(h.stats().live, 0U);
    EXPECT_GT(guarded(), 200U);
}

} // namespace
} // namespace cenote_test
