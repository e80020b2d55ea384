// Pools end before the threads that used them, by the thousand, and their numbers are used again.
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace cenote_test {
namespace {

using object = std::array<std::uint64_t, 8>;

// A thread that does what it is told and lives on between.
class worker {
public:
    worker()
        : thread_{[this] {
              std::unique_lock hold{mutex_};
              for (;;) {
                  changed_.wait(hold, [&] { return static_cast<bool>(task_) || ends_; });
                  if (!task_) return;
                  task_();
                  task_ = nullptr;
                  changed_.notify_all();
              }
          }} {}
    ~worker() {
        {
            const std::lock_guard hold{mutex_};
            ends_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    void run(std::function<void()> task) {
        std::unique_lock hold{mutex_};
        task_ = std::move(task);
        changed_.notify_all();
        changed_.wait(hold, [&] { return !task_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::function<void()> task_;
    bool ends_ = false;
    std::thread thread_;
};

template <class Pools>
class pool_end : public ::testing::Test {
protected:
    using pool_type = typename Pools::template pool<object>;
    static void use(pool_type& pool) {
        std::array<object*, 100> all;
        pool.create_n(all);
        pool.destroy_n(all);
    }
};
TYPED_TEST_SUITE(pool_end, shared_pools);

TYPED_TEST(pool_end, may_come_before_that_of_its_threads) {
    worker other;
    for (int i = 0; i != 100; ++i) {
        std::optional<typename TestFixture::pool_type> pool{std::in_place};
        other.run([&] { this->use(*pool); });
        this->use(*pool);
        pool.reset();
    }
}

// The number of a pool that has ended is the next one's: a thread that knew the old pool must not mistake them.
TYPED_TEST(pool_end, leaves_a_number_that_the_next_pool_may_have) {
    worker other;
    using cenote::counting_source;
    using counted = typename TypeParam::template pool<object, 0, counting_source<cenote::vm_source>>;
    for (int i = 0; i != 20; ++i) {
        counted pool;
        object* p = nullptr;
        other.run([&] { p = pool.create(); });
        EXPECT_TRUE(pool.contains(p));
        EXPECT_EQ(pool.live(), 1U);
        EXPECT_EQ(pool.source().pieces(), 1U);
        other.run([&] { pool.destroy(p); });
        EXPECT_EQ(pool.live(), 0U);
    }
}

TYPED_TEST(pool_end, of_1000_pools_that_one_thread_uses) {
    worker other;
    std::vector<std::unique_ptr<typename TestFixture::pool_type>> pools(1000);
    for (auto& p : pools)
        p = std::make_unique<typename TestFixture::pool_type>();
    for (int round = 0; round != 2; ++round) {
        for (auto& p : pools)
            other.run([&] { this->use(*p); });
        for (std::size_t i = 0; i < pools.size(); i += 2) {
            EXPECT_EQ(pools[i]->live(), 0U);
            pools[i] = std::make_unique<typename TestFixture::pool_type>();
        }
    }
    pools.clear();
    typename TestFixture::pool_type last;
    other.run([&] { this->use(last); });
    EXPECT_TRUE(last.valid());
}

// Threads end, use other pools for the first time and grow their tables, at the moment that pools end.
TYPED_TEST(pool_end, at_the_moment_that_threads_end) {
    for (int round = 0; round != 30; ++round) {
        std::vector<std::unique_ptr<typename TestFixture::pool_type>> pools(20);
        for (auto& p : pools)
            p = std::make_unique<typename TestFixture::pool_type>();
        std::atomic<unsigned> used{0};
        std::vector<std::thread> threads;
        for (unsigned t = 0; t != 8; ++t)
            threads.emplace_back([&] {
                for (auto& p : pools)
                    this->use(*p);
                used.fetch_add(1);
                typename TestFixture::pool_type own;
                this->use(own);
            });
        while (used.load() != 8)
            std::this_thread::yield();
        pools.clear();
        for (std::thread& t : threads)
            t.join();
    }
}

TYPED_TEST(pool_end, destroys_what_any_thread_left_alive) {
    static std::atomic<int> alive;
    struct counted {
        counted() { alive.fetch_add(1); }
        ~counted() { alive.fetch_sub(1); }
        std::uint64_t value = 0;
    };
    {
        typename TypeParam::template pool<counted> pool;
        on_threads(4, [&](unsigned) {
            std::vector<counted*> all(3000);
            pool.create_n(all);
            for (std::size_t i = 0; i < all.size(); i += 3)
                pool.destroy(all[i]);
        });
        EXPECT_EQ(alive.load(), 8000);
        std::size_t visited = 0;
        pool.for_each([&](counted&) { ++visited; });
        EXPECT_EQ(visited, 8000U);
    }
    EXPECT_EQ(alive.load(), 0);
}

// A death that visited the rest for each object would take minutes.
TYPED_TEST(pool_end, destroys_200000_leftovers) {
    static std::atomic<int> alive;
    struct counted {
        counted() { alive.fetch_add(1); }
        ~counted() { alive.fetch_sub(1); }
    };
    {
        typename TypeParam::template pool<counted> pool;
        std::vector<counted*> all(200'000);
        pool.create_n(all);
        EXPECT_EQ(alive.load(), 200'000);
    }
    EXPECT_EQ(alive.load(), 0);
}

struct by_second_user;

// A static pool gets the number of a pool that has ended, while the thread that used that one knows nothing of it:
// nothing but the pools' own doing comes between its death and that thread's use of the static pool.
TEST(static_pool, may_have_the_number_of_a_pool_that_ended) {
    std::vector<std::unique_ptr<cenote::cached_pool<object>>> many(80);
    for (auto& p : many)
        p = std::make_unique<cenote::cached_pool<object>>();
    std::atomic<bool> used{false};
    std::atomic<bool> go{false};
    std::thread other{[&] {
        for (auto& p : many)
            p->destroy(p->create());
        used.store(true, std::memory_order_release);
        while (!go.load(std::memory_order_relaxed))
            std::this_thread::yield();
        cenote::static_cached_pool<object, by_second_user> second;
        second.destroy(second.create());
    }};
    while (!used.load(std::memory_order_acquire))
        std::this_thread::yield();
    many.clear();
    cenote::static_cached_pool<object, by_second_user> first;
    first.destroy(first.create());
    go.store(true, std::memory_order_relaxed);
    other.join();
    EXPECT_EQ(first.live(), 0U);
}

} // namespace
} // namespace cenote_test
