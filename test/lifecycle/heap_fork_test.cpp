// A program with running threads forks: the child can allocate and free, whatever the other threads were doing.
#include "cenote/heap/heap.hpp"
#include "cenote/os/vm.hpp"

#include "support/child.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::literals;
using cenote::heap;

// A block of every class, of large ones and of mappings. Nothing but the heap is used: see below.
constexpr std::size_t kinds = cenote::detail::last_class + 3;
std::size_t size_of_kind(std::size_t k) {
    if (k < cenote::detail::last_class)
        return cenote::detail::class_size(static_cast<cenote::detail::size_class>(k + 1));
    return k == cenote::detail::last_class ? 100_KiB : k == cenote::detail::last_class + 1 ? 1_MiB : 5_MiB;
}

bool exercise(heap& h) {
    std::array<void*, kinds> all{};
    for (int round = 0; round != 20; ++round) {
        for (std::size_t k = 0; k != kinds; ++k) {
            all[k] = h.try_allocate(size_of_kind(k));
            if (all[k] == nullptr) return false;
            std::memset(all[k], static_cast<int>(k), std::min<std::size_t>(size_of_kind(k), 4096));
        }
        for (std::size_t k = 0; k != kinds; ++k) {
            const auto* const bytes = static_cast<const unsigned char*>(all[k]);
            if (bytes[0] != k || bytes[7] != k) return false;
            h.deallocate(all[k]);
        }
    }
    return true;
}

TEST(heap_forked, child_of_a_program_under_load_goes_on) {
    heap own;
    heap& process = heap::process();
    int* const kept = own.new_object<int>(5);
    // Forks begin when all have started: AddressSanitizer's own malloc, which starting a thread calls, is not to be used in
    // a child that was forked in the middle of it.
    std::atomic<int> started{0};
    std::vector<std::jthread> load;
    for (int t = 0; t != 3; ++t)
        load.emplace_back([&](const std::stop_token& stop) {
            started.fetch_add(1);
            while (!stop.stop_requested()) {
                exercise(own);
                exercise(process);
                heap fresh;
                exercise(fresh);
                own.trim();
            }
        });
    while (started.load() != 3)
        std::this_thread::yield();
    for (int i = 0; i != 40; ++i) {
        const int result = in_a_child([&] {
            if (*kept != 5 || !own.is_live(kept)) return 1;
            if (!exercise(own) || !exercise(process)) return 2;
            bool worked = false;
            std::thread{[&] { worked = exercise(own) && exercise(process); }}.join();
            if (!worked) return 3;
            {
                heap fresh;
                if (!exercise(fresh) || fresh.stats().live != 0) return 4;
            }
            own.trim();
            return own.valid() && process.valid() && *kept == 5 ? 0 : 5;
        });
        ASSERT_EQ(result, 0) << "child " << i;
    }
    load.clear();
    own.delete_object(kept);
    EXPECT_EQ(own.stats().live, 0U);
    EXPECT_TRUE(own.valid());
}

TEST(heap_forked, child_and_parent_do_not_see_each_others_blocks) {
    heap h;
    int* const p = h.new_object<int>(1);
    EXPECT_EQ(in_a_child([&] {
                  *p = 2;
                  h.delete_object(p);
                  int* const mine = h.new_object<int>(3);
                  return *mine == 3 && h.valid() ? 0 : 1;
              }),
              0);
    EXPECT_EQ(*p, 1);
    EXPECT_TRUE(h.is_live(p));
    h.delete_object(p);
}

// What waited in another thread's magazines is lost to the child, and nothing there counts or looks at them.
TEST(heap_forked, child_knows_no_magazines_but_its_own) {
    heap h;
    std::atomic<bool> has_freed{false};
    std::jthread other{[&](const std::stop_token& stop) {
        std::array<void*, 10> all{};
        for (void*& p : all)
            p = h.allocate(64);
        for (void* const p : all)
            h.deallocate(p);
        has_freed = true;
        while (!stop.stop_requested())
            std::this_thread::yield();
    }};
    while (!has_freed.load())
        std::this_thread::yield();
    ASSERT_GE(h.stats().in_magazines, 10 * 64U);
    EXPECT_EQ(in_a_child([&] { return h.stats().caches == 0 && h.stats().in_magazines == 0 ? 0 : 1; }), 0);
    EXPECT_EQ(h.stats().caches, 1U);
    EXPECT_GE(h.stats().in_magazines, 10 * 64U) << "the parent's are as they were";
}

// A child that forks in turn, deep enough that what the fork's handlers do adds up.
TEST(heap_forked, children_fork_in_turn) {
    heap h;
    void* const p = h.allocate(100);
    const auto nested = [&](const auto& self, int depth) -> int {
        if (!exercise(h) || !h.is_live(p)) return 1;
        return depth == 0 ? 0 : in_a_child([&] { return self(self, depth - 1); });
    };
    EXPECT_EQ(nested(nested, 8), 0);
    h.deallocate(p);
}

// A source that takes its time, so that a fork comes while the heap's locks are held.
struct slow_source {
    bool uses_process_heap = false;
    std::atomic<bool> asked{false};
    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        asked = true;
        ::usleep(100'000);
        if (uses_process_heap) heap::process().deallocate(heap::process().try_allocate(100));
        return cenote::vm::reserve(bytes, alignment);
    }
    void deallocate(void* p, std::size_t bytes, std::size_t) noexcept { cenote::vm::release(p, bytes); }
};

// Small blocks go by a thread's cache, large ones do not.
TEST(heap_forked, child_may_use_a_heap_that_was_growing_for_the_first_time) {
    for (const std::size_t size : {std::size_t{100}, 1_MiB})
        for (const bool uses_process_heap : {false, true}) {
            slow_source source{.uses_process_heap = uses_process_heap};
            heap h{{.source = source}};
            std::jthread other{[&] { h.deallocate(h.allocate(size)); }};
            while (!source.asked.load())
                std::this_thread::yield();
            EXPECT_EQ(in_a_child([&] {
                          h.deallocate(h.allocate(size));
                          return h.valid() ? 0 : 1;
                      }),
                      0);
        }
}

} // namespace
} // namespace cenote_test
