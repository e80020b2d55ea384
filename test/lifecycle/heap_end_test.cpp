// Heaps end before the threads that used them, by the thousand, and their numbers are used again.
#include "cenote/heap/heap.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace cenote_test {
namespace {

using cenote::heap;

void use(heap& h) {
    std::vector<void*> all;
    for (std::size_t i = 0; i != 60; ++i)
        all.push_back(h.allocate(std::size_t{16} << i % 8));
    for (void* const p : all)
        h.deallocate(p);
}

// Two threads that take turns: main, and one that lives on.
class turns {
public:
    void wait_for(int turn) const {
        while (turn_.load(std::memory_order_acquire) != turn)
            std::this_thread::yield();
    }
    void pass_to(int turn) { turn_.store(turn, std::memory_order_release); }

private:
    std::atomic<int> turn_{0};
};

TEST(heap_end, may_come_before_that_of_its_threads) {
    turns turn;
    std::optional<heap> h;
    std::thread other{[&] {
        for (int i = 0; i != 200; ++i) {
            turn.wait_for(1);
            use(*h);
            turn.pass_to(0);
        }
    }};
    for (int i = 0; i != 200; ++i) {
        turn.wait_for(0);
        h.emplace(); // and what was there ends
        EXPECT_EQ(h->stats().held, 0U);
        EXPECT_EQ(h->stats().caches, 0U) << "the number of a heap that has ended, taken for it";
        if (i % 2 == 0) use(*h);
        turn.pass_to(1);
    }
    turn.wait_for(0);
    EXPECT_TRUE(h->valid());
    h.reset();
    other.join();
}

TEST(heap_end, of_300_heaps_that_one_thread_uses) {
    std::vector<std::unique_ptr<heap>> heaps(300);
    turns turn;
    std::thread other{[&] {
        for (int round = 0; round != 3; ++round) {
            turn.wait_for(1);
            for (const auto& h : heaps)
                use(*h);
            turn.pass_to(0);
        }
    }};
    for (auto& h : heaps)
        h = std::make_unique<heap>();
    for (int round = 0; round != 3; ++round) {
        turn.pass_to(1);
        turn.wait_for(0);
        for (std::size_t i = 0; i < heaps.size(); i += 2) {
            EXPECT_EQ(heaps[i]->stats().live, 0U);
            EXPECT_TRUE(heaps[i]->valid());
            heaps[i] = std::make_unique<heap>();
        }
    }
    heaps.clear();
    other.join();
}

// A heap that ends is nobody's business but its users': others go on with theirs, also on their slow paths.
TEST(heap_end, does_not_disturb_threads_that_use_other_heaps) {
    std::vector<std::unique_ptr<heap>> kept;
    for (int i = 0; i != 12; ++i)
        kept.push_back(std::make_unique<heap>()); // more than have direct numbers
    for (int round = 0; round != 20; ++round) {
        std::vector<std::unique_ptr<heap>> ending;
        for (int i = 0; i != 10; ++i)
            ending.push_back(std::make_unique<heap>());
        std::atomic<unsigned> used{0};
        std::atomic<bool> ends{false};
        std::vector<std::thread> threads;
        for (unsigned t = 0; t != 4; ++t)
            threads.emplace_back([&] {
                for (const auto& h : ending)
                    use(*h);
                used.fetch_add(1);
                while (!ends.load(std::memory_order_relaxed))
                    for (const auto& h : kept)
                        use(*h);
            });
        while (used.load() != 4)
            std::this_thread::yield();
        ending.clear();
        ends = true;
        for (std::thread& t : threads)
            t.join();
    }
    for (const auto& h : kept) {
        EXPECT_EQ(h->stats().live, 0U);
        EXPECT_EQ(h->stats().caches, 0U);
        EXPECT_TRUE(h->valid());
    }
}

TEST(heap_end, at_the_moment_that_threads_end) {
    for (int round = 0; round != 30; ++round) {
        std::vector<std::unique_ptr<heap>> heaps;
        for (int i = 0; i != 15; ++i)
            heaps.push_back(std::make_unique<heap>());
        std::atomic<unsigned> used{0};
        std::vector<std::thread> threads;
        for (unsigned t = 0; t != 6; ++t)
            threads.emplace_back([&] {
                for (const auto& h : heaps)
                    use(*h);
                used.fetch_add(1);
                heap own;
                use(own);
            });
        while (used.load() != 6)
            std::this_thread::yield();
        heaps.clear();
        for (std::thread& t : threads)
            t.join();
    }
}

} // namespace
} // namespace cenote_test
