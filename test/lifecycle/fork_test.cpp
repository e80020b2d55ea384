// A program with running threads forks: the child can create and destroy, whatever the other threads were doing.
#include "support/shared_pools.hpp"

#include "support/child.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace cenote_test {
namespace {

using object = std::array<std::uint64_t, 8>;

template <class Pools>
class forked : public ::testing::Test {};
TYPED_TEST_SUITE(forked, shared_pools);

TYPED_TEST(forked, child_of_a_program_under_load_goes_on) {
    using pool_type = typename TypeParam::template pool<object>;
    pool_type pool;
    object* const kept = pool.create();
    kept->fill(5);
    // Forks begin when all have started: AddressSanitizer's own malloc, which starting a thread calls, is not to be used in
    // a child that was forked in the middle of it.
    std::atomic<int> started{0};
    std::vector<std::jthread> load;
    for (int t = 0; t != 3; ++t)
        load.emplace_back([&](const std::stop_token& stop) {
            std::vector<object*> all(3000);
            started.fetch_add(1);
            while (!stop.stop_requested()) {
                pool.create_n(all);
                pool.destroy_n(all);
                pool_type own;
                own.destroy(own.create());
            }
        });
    while (started.load() != 3)
        std::this_thread::yield();
    for (int i = 0; i != 50; ++i) {
        const int result = in_a_child([&] {
            if (kept->front() != 5) return 1;
            std::vector<object*> all(5000);
            pool.create_n(all);
            for (std::size_t n = 0; n != all.size(); ++n)
                all[n]->fill(n);
            std::thread{[&] {
                std::vector<object*> more(100);
                pool.create_n(more);
                pool.destroy_n(more);
            }}.join();
            for (std::size_t n = 0; n != all.size(); ++n)
                if (all[n]->front() != n || all[n]->back() != n) return 2;
            pool.destroy_n(all);
            pool_type fresh;
            fresh.destroy(fresh.create());
            return pool.valid() && kept->front() == 5 ? 0 : 3;
        });
        ASSERT_EQ(result, 0) << "child " << i;
    }
    load.clear();
    pool.destroy(kept);
    EXPECT_EQ(pool.live(), 0U);
}

// What another thread's magazine holds in the child is neither live nor handed out.
TYPED_TEST(forked, child_does_not_visit_what_other_threads_held_back) {
    typename TypeParam::template pool<object> pool;
    std::atomic<int> step{0};
    std::thread other{[&] {
        std::vector<object*> all(500);
        pool.create_n(all);
        pool.destroy_n(all);
        step = 1;
        while (step.load() != 2)
            std::this_thread::yield();
    }};
    while (step.load() != 1)
        std::this_thread::yield();
    object* const mine = pool.create();
    EXPECT_EQ(in_a_child([&] {
                  std::size_t visited = 0;
                  pool.for_each([&](object& o) { visited += &o == mine ? 1 : 1000; });
                  if (visited != 1 || pool.live() != 1) return 1;
                  pool.reset(cenote::reset_mode::retain_capacity());
                  return pool.live() == 0 && pool.valid() ? 0 : 2;
              }),
              0);
    step = 2;
    other.join();
    pool.destroy(mine);
}

// Memory for pools, from an older pool that threads share.
struct piece {
    alignas(4096) std::byte bytes[64 * 1024];
};
using pieces = cenote::cached_pool<piece>;
struct from_pieces {
    pieces* pool;
    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        return bytes > sizeof(piece) || alignment > alignof(piece) ? nullptr : pool->try_create();
    }
    void deallocate(void* p, std::size_t, std::size_t) noexcept { pool->destroy(static_cast<piece*>(p)); }
};

// The older pool is first used after the younger one was constructed.
TYPED_TEST(forked, pool_may_be_made_of_an_older_one) {
    pieces older{cenote::growth::up_to(256)}; // few: every call takes the lock
    using younger_type = typename TypeParam::template pool<object, 0, from_pieces>;
    younger_type younger{cenote::growth::up_to(100), from_pieces{&older}};
    older.destroy(older.create());
    std::atomic<bool> started{false};
    std::jthread load{[&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            younger_type also{cenote::growth::up_to(100), from_pieces{&older}};
            also.destroy(also.create());
            started = true;
        }
    }};
    while (!started.load())
        std::this_thread::yield();
    for (int i = 0; i != 300; ++i)
        ASSERT_EQ(in_a_child([&] {
                      younger.destroy(younger.create());
                      return older.live() <= 3 ? 0 : 1;
                  }),
                  0)
            << "child " << i;
}

// A source that takes its time, so that a fork comes while a pool's lock is held.
struct slow_source : cenote::vm_source {
    std::atomic<bool>* asked;
    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        *asked = true;
        ::usleep(100'000);
        return cenote::vm_source::allocate(bytes, alignment);
    }
};

TYPED_TEST(forked, child_may_use_a_pool_that_was_growing_for_the_first_time) {
    std::atomic<bool> asked{false};
    typename TypeParam::template pool<object, 0, slow_source> pool{cenote::growth{}, slow_source{{}, &asked}};
    std::jthread other{[&] { pool.preheat(100); }};
    while (!asked.load())
        std::this_thread::yield();
    EXPECT_EQ(in_a_child([&] {
                  pool.destroy(pool.create());
                  return 0;
              }),
              0);
}

} // namespace
} // namespace cenote_test
