#include "heap/class_store.hpp"
#include "heap/thread_cache.hpp"

#include "cenote/base/units.hpp"
#include "cenote/os/vm.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <new>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::detail;
using namespace cenote::literals;

constexpr std::size_t plenty = 8_MiB; // what one thread alone may have in its magazines

class a_thread_cache : public ::testing::Test {
protected:
    a_thread_cache()
        : memory(cenote::vm::map_anywhere(thread_cache::bytes())), cache(*::new (memory) thread_cache) {
        cache.next_slots = reinterpret_cast<std::byte**>(&cache + 1);
        cache.end_slots = cache.next_slots + (thread_cache::bytes() - sizeof cache) / sizeof(std::byte*);
    }
    ~a_thread_cache() override { cenote::vm::release(memory, thread_cache::bytes()); }

    bool says_full(std::size_t k) const { return cache.top(k) >= cache.fulls[k].slot; }
    // As heap_core does it, to the brim.
    void fill(size_class c) {
        for (std::byte& b : bytes)
            if (cache.has_room(c)) cache.push(c, &b);
    }

    void* memory;
    thread_cache& cache;
    std::vector<std::byte> bytes = std::vector<std::byte>(4096);
};

TEST_F(a_thread_cache, is_closed_at_first_for_every_kind) {
    for (std::size_t k = 0; k != unit_kinds; ++k) {
        EXPECT_EQ(cache.last(k), nullptr);
        EXPECT_TRUE(says_full(k));
        EXPECT_EQ(closed_cache.last(k), nullptr);
        EXPECT_GE(closed_cache.top(k), closed_cache.fulls[k].slot);
    }
    for (size_class c = 1; c <= last_class; ++c)
        EXPECT_EQ(cache.size(c), 0U);
    EXPECT_EQ(closed_cache.heap.load(), nullptr);
}

TEST_F(a_thread_cache, magazine_gives_out_what_came_last) {
    ASSERT_TRUE(cache.grow(20, plenty));
    EXPECT_FALSE(says_full(20));
    EXPECT_EQ(cache.last(20), nullptr);
    cache.push(20, &bytes[1]);
    cache.push(20, &bytes[2]);
    EXPECT_EQ(cache.last(20), &bytes[2]);
    EXPECT_EQ(cache.size(20), 2U);
    EXPECT_EQ(cache.pop(20), &bytes[2]);
    EXPECT_EQ(cache.pop(20), &bytes[1]);
    EXPECT_EQ(cache.last(20), nullptr);
    EXPECT_TRUE(says_full(21)) << "the neighbours are still closed";
    EXPECT_TRUE(says_full(19));
}

TEST_F(a_thread_cache, magazine_says_that_it_is_full_exactly_when_it_is) {
    ASSERT_TRUE(cache.grow(20, plenty));
    for (std::size_t i = 0; i != cache.states[20].capacity; ++i) {
        EXPECT_FALSE(says_full(20));
        EXPECT_TRUE(cache.has_room(20));
        cache.push(20, &bytes[i]);
    }
    EXPECT_TRUE(says_full(20));
    EXPECT_FALSE(cache.has_room(20));
}

TEST_F(a_thread_cache, grows_to_the_limit_of_its_class_and_no_further) {
    for (const size_class c : {size_class{1}, size_class{8}, size_class{40}, last_class}) {
        std::size_t before = 0;
        while (cache.grow(c, plenty)) {
            EXPECT_GT(cache.states[c].capacity, before);
            before = cache.states[c].capacity;
        }
        EXPECT_EQ(before, layout.magazine_limit(c));
        EXPECT_FALSE(cache.grow(c, plenty));
        EXPECT_EQ(cache.states[c].capacity, layout.magazine_limit(c));
    }
}

TEST_F(a_thread_cache, keeps_its_blocks_while_it_grows) {
    std::size_t held = 0;
    while (cache.grow(8, plenty)) {
        ASSERT_EQ(cache.size(8), held);
        while (cache.has_room(8))
            cache.push(8, &bytes[held++]);
    }
    while (held != 0)
        ASSERT_EQ(cache.pop(8), &bytes[--held]);
    EXPECT_EQ(cache.last(8), nullptr);
}

TEST_F(a_thread_cache, has_slots_for_all_that_every_class_may_have) {
    for (bool grew = true; grew;) {
        grew = false;
        for (size_class c = 1; c <= last_class; ++c)
            grew = cache.grow(c, plenty) || grew;
    }
    EXPECT_LE(cache.next_slots, cache.end_slots);
    for (size_class c = 1; c <= last_class; ++c)
        EXPECT_GT(cache.states[c].capacity, 0U) << "every class has a magazine";
    EXPECT_LE(cache.capacity_bytes, 16_MiB) << "one thread's free blocks are bounded in bytes";
}

TEST_F(a_thread_cache, has_as_many_slots_as_all_magazines_take_on_their_way) {
    std::byte** const first = cache.next_slots;
    for (size_class c = 1; c <= last_class; ++c)
        while (cache.grow(c, 1_GiB)) {
        }
    EXPECT_EQ(static_cast<std::size_t>(cache.next_slots - first), layout.magazine_slots);
}

TEST_F(a_thread_cache, has_its_first_slots_of_every_class_whatever_the_bound) {
    std::size_t first = 0;
    for (size_class c = 1; c <= last_class; ++c) {
        ASSERT_TRUE(cache.grow(c, 0));
        first += cache.states[c].capacity * class_size(c);
        EXPECT_FALSE(cache.grow(c, 0));
    }
    EXPECT_EQ(cache.capacity_bytes, first);
    for (size_class c = 1; c <= last_class; ++c)
        (void)cache.grow(c, first + 64_KiB);
    EXPECT_LE(cache.capacity_bytes, first + 64_KiB);
    EXPECT_GT(cache.capacity_bytes, first);
}

TEST_F(a_thread_cache, shrinks_to_what_it_began_with_and_grows_again_in_the_same_slots) {
    ASSERT_TRUE(cache.grow(8, plenty));
    const std::size_t first = cache.states[8].capacity;
    const std::size_t first_bytes = cache.capacity_bytes;
    while (cache.grow(8, plenty)) {
    }
    std::byte** const used = cache.next_slots;
    for (int round = 0; round != 100; ++round) {
        cache.shrink(8);
        EXPECT_EQ(cache.states[8].capacity, first);
        EXPECT_EQ(cache.capacity_bytes, first_bytes);
        fill(8);
        EXPECT_EQ(cache.size(8), first);
        EXPECT_TRUE(says_full(8));
        while (cache.grow(8, plenty)) {
        }
        EXPECT_EQ(cache.states[8].capacity, layout.magazine_limit(8));
        EXPECT_EQ(cache.next_slots, used) << "slots are handed out once";
        while (cache.last(8) != nullptr)
            cache.pop(8);
    }
}

TEST_F(a_thread_cache, watchful_says_always_full_and_still_has_room) {
    ASSERT_TRUE(cache.grow(8, plenty));
    cache.set_watchful(true);
    EXPECT_TRUE(says_full(8));
    EXPECT_TRUE(cache.has_room(8));
    cache.push(8, &bytes[0]);
    EXPECT_EQ(cache.last(8), &bytes[0]) << "blocks can still be had from it";
    ASSERT_TRUE(cache.grow(8, plenty));
    ASSERT_TRUE(cache.grow(9, plenty));
    EXPECT_TRUE(says_full(8));
    EXPECT_TRUE(says_full(9)) << "also one that came since";
    cache.set_watchful(false);
    EXPECT_FALSE(says_full(8));
    EXPECT_FALSE(says_full(9));
    EXPECT_TRUE(says_full(10)) << "one without slots";
    fill(8);
    EXPECT_TRUE(says_full(8));
}

} // namespace
} // namespace cenote_test
