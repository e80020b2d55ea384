// Very many of everything: pools, threads at the same time.
#include "cenote/cenote.hpp"
#include "cenote/heap.hpp"
#include "support/objects.hpp"
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <pthread.h>

namespace cenote_test {
namespace {

using small_object = stamped<48, 8>;

TEST(very_many, pools_of_which_threads_use_some) {
    using pool_type = cenote::cached_pool<small_object>;
    constexpr std::size_t count = 100'000;
    std::vector<std::unique_ptr<pool_type>> pools(count);
    for (auto& each : pools)
        each = std::make_unique<pool_type>(cenote::growth::unlimited().steps(4096, 4096));
    // Two threads have objects of the same pools; their tables are as long as there are pools.
    on_threads(2, [&](unsigned t) {
        for (std::size_t i = 0; i < count; i += 100) {
            small_object* const p = pools[i]->create(i + t);
            EXPECT_TRUE(p->holds(i + t));
            pools[i]->destroy(p);
        }
    });
    for (std::size_t i = 0; i < count; i += 100) {
        EXPECT_EQ(pools[i]->live(), 0U);
        EXPECT_TRUE(pools[i]->valid());
    }
}

// A barrier holds all of them amid the work, so that all have magazines.
template <class Work>
void on_1000_threads(Work work) {
    constexpr unsigned count = 1000;
    struct shared {
        Work work;
        pthread_barrier_t all_there;
        std::atomic<unsigned> next{0};
    } of{work, {}, {}};
    ASSERT_EQ(::pthread_barrier_init(&of.all_there, nullptr, count), 0);
    pthread_attr_t small;
    ASSERT_EQ(::pthread_attr_init(&small), 0);
    ASSERT_EQ(::pthread_attr_setstacksize(&small, 128U << 10), 0);
    std::vector<pthread_t> threads(count);
    for (pthread_t& each : threads)
        ASSERT_EQ(::pthread_create(
                      &each, &small,
                      [](void* p) -> void* {
                          auto& with = *static_cast<shared*>(p);
                          with.work(with.next.fetch_add(1), [&] { ::pthread_barrier_wait(&with.all_there); });
                          return nullptr;
                      },
                      &of),
                  0);
    for (const pthread_t each : threads)
        ::pthread_join(each, nullptr);
    ::pthread_attr_destroy(&small);
    ::pthread_barrier_destroy(&of.all_there);
}

TEST(very_many, threads_at_the_same_time_on_a_pool) {
    cenote::cached_pool<small_object> pool;
    on_1000_threads([&](unsigned t, auto wait_for_all) {
        small_object* objects[10];
        for (small_object*& each : objects)
            each = pool.create(t);
        wait_for_all();
        for (small_object* const each : objects) {
            EXPECT_TRUE(each->holds(t));
            pool.destroy(each);
        }
    });
    EXPECT_EQ(pool.live(), 0U);
    EXPECT_TRUE(pool.valid());
    (void)pool.trim();
    EXPECT_EQ(pool.capacity(), 0U) << "somebody's magazine still has some";
}

TEST(very_many, threads_at_the_same_time_on_a_heap) {
    cenote::heap heap;
    on_1000_threads([&](unsigned t, auto wait_for_all) {
        constexpr std::size_t sizes[] = {16, 100, 3000, 100'000};
        unsigned char* blocks[4];
        for (std::size_t i = 0; i != 4; ++i) {
            blocks[i] = static_cast<unsigned char*>(heap.allocate(sizes[i]));
            blocks[i][0] = blocks[i][sizes[i] - 1] = static_cast<unsigned char>(t);
        }
        wait_for_all();
        for (std::size_t i = 0; i != 4; ++i) {
            EXPECT_EQ(blocks[i][0], static_cast<unsigned char>(t));
            EXPECT_EQ(blocks[i][sizes[i] - 1], static_cast<unsigned char>(t));
            heap.deallocate(blocks[i]);
        }
    });
    EXPECT_EQ(heap.stats().live, 0U);
    EXPECT_EQ(heap.stats().caches, 0U) << "of threads that have ended";
    EXPECT_TRUE(heap.valid());
}

} // namespace
} // namespace cenote_test
