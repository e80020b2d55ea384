// Threads end with magazines full and blocks live, in any order with the user's own thread-locals.
#include "cenote/heap/heap.hpp"

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

using namespace cenote::literals;
using cenote::heap;

const std::vector<std::size_t> sizes{16, 100, 1000, 9000, 64'000, 200'000};

// Leaves nothing live.
void use(heap& h, std::size_t blocks) {
    std::vector<void*> all;
    for (std::size_t i = 0; i != blocks; ++i)
        all.push_back(h.allocate(sizes[i % sizes.size()]));
    for (void* const p : all)
        h.deallocate(p);
}

TEST(heap_thread_end, gives_what_it_held_to_the_others_at_once) {
    heap h{{.limit = 16_MiB, .decay = 1'000'000'000}};
    const auto take_all = [&] {
        std::vector<void*> all;
        while (void* const p = h.try_allocate(1000))
            all.push_back(p);
        for (void* const p : all)
            h.deallocate(p);
        return all.size();
    };
    const std::size_t alone = take_all();
    for (int i = 0; i != 3; ++i) {
        std::size_t there = 0;
        std::thread{[&] { there = take_all(); }}.join();
        EXPECT_GT(there, alone * 9 / 10);
        EXPECT_GT(take_all(), alone * 9 / 10) << "blocks are still held for a thread that has ended";
    }
}

TEST(heap_thread_end, of_10000_threads_leaves_the_heap_no_larger) {
    constexpr std::size_t threads = CENOTE_TSAN ? 1000 : 10'000;
    heap h;
    std::thread{[&] { use(h, 300); }}.join();
    const std::size_t held = h.stats().most_held;
    std::vector<void*> live;
    for (std::size_t i = 0; i != threads; ++i)
        std::thread{[&] {
            use(h, 300);
            live.push_back(h.allocate(64));
        }}.join();
    EXPECT_LE(h.stats().most_held, held + 4_MiB);
    EXPECT_EQ(h.stats().live, threads * h.usable_size(live[0]));
    EXPECT_EQ(h.stats().caches, 0U);
    EXPECT_EQ(h.stats().in_magazines, 0U);
    for (void* const p : live)
        h.deallocate(p, 64);
    EXPECT_EQ(h.stats().live, 0U);
    EXPECT_TRUE(h.valid());
}

TEST(heap_thread_end, leaves_what_it_allocated_alive) {
    heap h;
    std::vector<int*> live;
    std::thread{[&] {
        for (int i = 0; i != 1000; ++i)
            live.push_back(h.new_object<int>(i));
    }}.join();
    use(h, 3000);
    for (int i = 0; i != 1000; ++i) {
        EXPECT_EQ(*live[static_cast<std::size_t>(i)], i);
        h.delete_object(live[static_cast<std::size_t>(i)]);
    }
    EXPECT_EQ(h.stats().live, 0U);
}

struct frees_at_its_end {
    heap* from = nullptr;
    std::vector<void*> held;
    ~frees_at_its_end() {
        for (void* const p : held)
            from->deallocate(p);
        if (from != nullptr) from->deallocate(from->allocate(3000));
    }
};

// A thread_local of the user that frees into the heap, constructed before and after the thread's first use of it.
TEST(heap_thread_end, may_free_from_thread_locals_of_the_user) {
    for (const bool used_before : {false, true}) {
        heap h;
        std::thread{[&] {
            if (used_before) use(h, 100);
            thread_local frees_at_its_end late;
            late.from = &h;
            for (std::size_t i = 0; i != 2000; ++i)
                late.held.push_back(h.allocate(sizes[i % sizes.size()]));
        }}.join();
        EXPECT_EQ(h.stats().live, 0U);
        EXPECT_EQ(h.stats().in_magazines, 0U);
        EXPECT_TRUE(h.valid());
    }
}

// Destructors of pthread keys come after those of thread_locals, in an order nobody knows, and again when they set
// their key again: some of these calls find the thread's magazines gone.
TEST(heap_thread_end, may_use_the_heap_from_destructors_of_pthread_keys) {
    struct late_user {
        heap& of;
        pthread_key_t key;
        std::array<void*, 6> held;
        int rounds;
        void allocate() {
            for (std::size_t i = 0; i != held.size(); ++i)
                held[i] = of.allocate(sizes[i]);
        }
    };
    heap h;
    static std::atomic<int> calls;
    calls = 0;
    std::array<pthread_key_t, 8> keys;
    for (pthread_key_t& key : keys)
        ASSERT_EQ(::pthread_key_create(&key,
                                       [](void* raw) {
                                           auto* const user = static_cast<late_user*>(raw);
                                           calls.fetch_add(1);
                                           for (void* const p : user->held)
                                               user->of.deallocate(p);
                                           if (--user->rounds == 0) {
                                               delete user;
                                               return;
                                           }
                                           user->allocate();
                                           ::pthread_setspecific(user->key, user);
                                       }),
                  0);
    std::thread{[&] {
        for (const pthread_key_t key : keys) {
            auto* const user = new late_user{h, key, {}, PTHREAD_DESTRUCTOR_ITERATIONS};
            user->allocate();
            ::pthread_setspecific(key, user);
        }
    }}.join();
    for (const pthread_key_t key : keys)
        ::pthread_key_delete(key);
    EXPECT_EQ(calls.load(), 8 * PTHREAD_DESTRUCTOR_ITERATIONS) << "as often as the system calls them at all";
    EXPECT_EQ(h.stats().live, 0U);
    EXPECT_EQ(h.stats().in_magazines, 0U) << "who comes late must not leave blocks behind";
    EXPECT_EQ(h.stats().caches, 0U);
    EXPECT_TRUE(h.valid());
}

TEST(heap_thread_end, of_threads_that_used_20_heaps_leaves_all_of_them) {
    std::vector<std::unique_ptr<heap>> heaps;
    for (int i = 0; i != 20; ++i)
        heaps.push_back(std::make_unique<heap>());
    for (int t = 0; t != 20; ++t)
        std::thread{[&] {
            for (const auto& h : heaps)
                use(*h, 100);
        }}.join();
    for (const auto& h : heaps) {
        EXPECT_EQ(h->stats().caches, 0U);
        EXPECT_EQ(h->stats().in_magazines, 0U);
        EXPECT_TRUE(h->valid());
    }
}

} // namespace
} // namespace cenote_test
