// Threads end with magazines full, in any order with the user's own thread-locals.
#include "cenote/adaptor/smart_ptr.hpp"
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <climits>
#include <cstddef>
#include <memory>
#include <pthread.h>
#include <thread>
#include <vector>

namespace cenote_test {
namespace {

using object = std::array<std::uint64_t, 8>;

template <class Pools>
class thread_end : public ::testing::Test {
protected:
    using pool_type = typename Pools::template pool<object>;

    // Uses a pool so that a magazine would be full, and leaves nothing alive.
    static void use(pool_type& pool, std::size_t objects) {
        std::vector<object*> all(objects);
        pool.create_n(all);
        pool.destroy_n(all);
    }
};
TYPED_TEST_SUITE(thread_end, shared_pools);

TYPED_TEST(thread_end, gives_what_it_held_to_the_others_at_once) {
    typename TestFixture::pool_type pool{cenote::growth::up_to(64 * 1000)};
    std::thread{[&] { this->use(pool, 64 * 1000); }}.join();
    std::vector<object*> all(64 * 1000);
    EXPECT_TRUE(pool.try_create_n(all)) << "blocks are still held for a thread that has ended";
    pool.destroy_n(all);
}

TYPED_TEST(thread_end, of_10000_threads_leaves_the_pool_no_larger) {
    typename TestFixture::pool_type pool;
    std::thread{[&] { this->use(pool, 700); }}.join();
    const std::size_t capacity = pool.capacity();
    for (int i = 0; i != 10'000; ++i)
        std::thread{[&] { this->use(pool, 700); }}.join();
    EXPECT_EQ(pool.capacity(), capacity);
    EXPECT_EQ(pool.live(), 0U);
    EXPECT_EQ(pool.stats().slabs, 1U);
}

TYPED_TEST(thread_end, leaves_what_it_created_alive) {
    typename TestFixture::pool_type pool;
    object* p = nullptr;
    std::thread{[&] {
        p = pool.create();
        p->fill(7);
    }}.join();
    this->use(pool, 5000);
    EXPECT_EQ(p->front(), 7U);
    EXPECT_EQ(p->back(), 7U);
    EXPECT_EQ(pool.live(), 1U);
    pool.destroy(p);
}

// A thread_local of the user that frees into the pool, constructed before and after the thread's first use of it.
TYPED_TEST(thread_end, may_free_from_thread_locals_of_the_user) {
    using tested = typename TestFixture::pool_type;
    for (const bool used_before : {false, true}) {
        tested pool;
        std::thread{[&] {
            if (used_before) this->use(pool, 100);
            thread_local std::vector<cenote::pool_ptr<tested>> held;
            for (int i = 0; i != 2000; ++i)
                held.push_back(pool.make_unique());
        }}.join();
        EXPECT_EQ(pool.live(), 0U);
        EXPECT_TRUE(pool.valid());
    }
}

// Destructors of pthread keys come after those of thread_locals, in an order nobody knows, and again when they set
// their key again: some of these calls find the thread's magazines gone.
TYPED_TEST(thread_end, may_use_the_pool_from_destructors_of_pthread_keys) {
    using tested = typename TestFixture::pool_type;
    struct late_user {
        tested& pool;
        pthread_key_t key;
        object* held;
        int rounds;
    };
    tested pool;
    std::atomic<int> calls{0};
    static std::atomic<int>* counter;
    counter = &calls;
    std::array<pthread_key_t, 8> keys;
    for (pthread_key_t& key : keys)
        ASSERT_EQ(::pthread_key_create(&key,
                                       [](void* raw) {
                                           auto* const user = static_cast<late_user*>(raw);
                                           counter->fetch_add(1);
                                           user->pool.destroy(user->held);
                                           if (--user->rounds == 0) {
                                               delete user;
                                               return;
                                           }
                                           user->held = user->pool.create();
                                           ::pthread_setspecific(user->key, user);
                                       }),
                  0);
    std::thread{[&] {
        for (const pthread_key_t key : keys)
            ::pthread_setspecific(key,
                                  new late_user{pool, key, pool.create(), PTHREAD_DESTRUCTOR_ITERATIONS});
    }}.join();
    for (const pthread_key_t key : keys)
        ::pthread_key_delete(key);
    EXPECT_EQ(calls.load(), 8 * PTHREAD_DESTRUCTOR_ITERATIONS) << "as often as the system calls them at all";
    EXPECT_EQ(pool.live(), 0U);
    pool.trim();
    EXPECT_EQ(pool.stats().in_magazine, 0U) << "who comes late must not leave blocks behind";
    EXPECT_TRUE(pool.valid());
}

struct by_this_test;

TEST(static_pool, is_left_by_threads_like_any_other) {
    cenote::static_cached_pool<object, by_this_test> pool;
    for (int i = 0; i != 100; ++i)
        std::thread{[&] {
            std::vector<object*> all(700);
            pool.create_n(all);
            pool.destroy_n(all);
        }}.join();
    EXPECT_EQ(pool.live(), 0U);
    EXPECT_EQ(pool.stats().slabs, 1U);
    EXPECT_TRUE(pool.valid());
}

} // namespace
} // namespace cenote_test
