// The family for many threads: the first blocks of a class by many at once, frees by others, forks.
#include "cenote/adaptor/pool_allocator.hpp"
#include "support/child.hpp"
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <list>
#include <memory>
#include <vector>

namespace cenote_test {
namespace {

using cenote::shared_pool_family;

TEST(shared_pool_family, makes_each_pool_once_however_many_ask_first) {
    for (int round = 0; round != 20; ++round) {
        shared_pool_family family;
        std::array<std::vector<void*>, 4> blocks;
        std::atomic<int> ready{0};
        on_threads(4, [&](unsigned t) {
            ++ready;
            while (ready != 4) {
            }
            for (std::size_t bytes = 8; bytes <= 512; bytes += 8) {
                void* const p = family.allocate(bytes, 8);
                std::memset(p, static_cast<int>(t), bytes);
                blocks[t].push_back(p);
            }
        });
        EXPECT_EQ(family.stats().pools, 32U); // 16 to 128 bytes, 16 to 512
        for (unsigned t = 0; t != 4; ++t)
            for (std::size_t i = 0; i != 64; ++i) {
                EXPECT_EQ(*static_cast<unsigned char*>(blocks[t][i]), t);
                family.deallocate(blocks[t][i], (i + 1) * 8, 8);
            }
        EXPECT_EQ(family.stats().live, 0U);
        EXPECT_TRUE(family.valid());
    }
}

TEST(shared_pool_family, takes_back_by_one_thread_what_another_was_given) {
    shared_pool_family family;
    std::list<int, cenote::shared_pool_allocator<int>> list{family};
    on_threads(1, [&](unsigned) { list.assign(10000, 1); });
    on_threads(1, [&](unsigned) { list.clear(); });
    EXPECT_EQ(family.stats().live, 0U);
    std::shared_ptr<int> shared = std::allocate_shared<int>(cenote::shared_pool_allocator<int>{family}, 7);
    on_threads(4, [copy = shared](unsigned) { EXPECT_EQ(*std::shared_ptr<int>(copy), 7); });
    shared.reset();
    EXPECT_EQ(family.stats().live, 0U);
}

// ThreadSanitizer does not follow a fork of a program with threads, and AddressSanitizer's malloc, which makes the stand-ins, is not
// to be used in a child that was forked in the middle of it.
#if !CENOTE_TSAN && !CENOTE_STAND_INS
TEST(shared_pool_family, goes_on_in_the_child_of_a_fork_whatever_the_others_were_doing) {
    shared_pool_family family;
    std::atomic<bool> stop{false};
    std::thread other{[&] {
        for (std::size_t i = 0; !stop; ++i) {
            const std::size_t bytes = i * 8 % 20000;
            family.deallocate(family.allocate(bytes, 8), bytes, 8);
        }
    }};
    for (int round = 0; round != 20; ++round) {
        const int result = in_a_child([&family] {
            for (std::size_t bytes = 8; bytes < 20000; bytes += 200)
                family.deallocate(family.allocate(bytes, 8), bytes, 8);
            return family.valid() ? 0 : 1;
        });
        EXPECT_EQ(result, 0);
    }
    stop = true;
    other.join();
    EXPECT_EQ(family.stats().live, 0U);
}
#endif

} // namespace
} // namespace cenote_test
