#include "unit/support/heap_parts.hpp"

#include "cenote/source/vm_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>

namespace cenote_test {
namespace {

using cenote::detail::supply;

TEST(supply, counts_what_is_held_and_the_most_that_was) {
    supply from;
    void* const a = from.reserve(1_MiB, 64_KiB);
    void* const b = from.reserve(2_MiB, 4_MiB);
    ASSERT_NE(a, nullptr);
    ASSERT_NE(b, nullptr);
    EXPECT_TRUE(cenote::detail::is_aligned(b, 4_MiB));
    EXPECT_EQ(from.held(), 3_MiB);
    from.release(a, 1_MiB, 64_KiB);
    EXPECT_EQ(from.held(), 2_MiB);
    EXPECT_EQ(from.most_held(), 3_MiB);
    from.release(b, 2_MiB, 4_MiB);
    EXPECT_EQ(from.held(), 0U);
}

TEST(supply, holds_no_more_than_its_limit) {
    supply from;
    EXPECT_EQ(from.limit(), static_cast<std::size_t>(-1));
    from.set_limit(3_MiB);
    void* const a = from.reserve(2_MiB, 64_KiB);
    ASSERT_NE(a, nullptr);
    EXPECT_EQ(from.reserve(1_MiB + 4096, 64_KiB), nullptr);
    EXPECT_FALSE(from.extend(a, 2_MiB, 4_MiB));
    EXPECT_EQ(from.held(), 2_MiB) << "what was refused is not counted";
    void* const b = from.reserve(1_MiB, 64_KiB);
    EXPECT_NE(b, nullptr);
    from.release(a, 2_MiB, 64_KiB);
    from.release(b, 1_MiB, 64_KiB);
    from.set_limit(0);
    EXPECT_EQ(from.reserve(4096, 4096), nullptr);
}

// Units and mappings have locks of their own, so that both may come for memory at once.
TEST(supply, calls_a_source_of_the_users_once_at_a_time) {
    struct lonely_source {
        std::atomic<int> callers{0};
        std::atomic<int> most{0};
        cenote::vm_source os;
        void enter() noexcept {
            const int now = callers.fetch_add(1) + 1;
            most.store(std::max(most.load(), now));
            std::this_thread::yield();
        }
        void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
            enter();
            void* const p = os.allocate(bytes, alignment);
            callers.fetch_sub(1);
            return p;
        }
        void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
            enter();
            os.deallocate(p, bytes, alignment);
            callers.fetch_sub(1);
        }
    };
    lonely_source source;
    supply from;
    from.use(source);
    const auto work = [&] {
        for (int i = 0; i != 200; ++i)
            from.release(from.reserve(64_KiB, 64_KiB), 64_KiB, 64_KiB);
    };
    std::thread other{work};
    work();
    other.join();
    EXPECT_EQ(source.most.load(), 1);
    EXPECT_EQ(from.held(), 0U);
}

TEST(supply, moves_contents_to_a_larger_reservation) {
    supply from;
    from.set_limit(3_MiB); // has not room for both
    void* const small = from.reserve(1_MiB, 64_KiB);
    fill_with(small, 1_MiB, 9);
    EXPECT_EQ(from.move(small, 1_MiB, 3_MiB + 4096, 64_KiB, [](void*) { return true; }), nullptr);
    EXPECT_EQ(from.move(small, 1_MiB, 3_MiB, 64_KiB, [](void*) { return false; }), nullptr);
    EXPECT_EQ(from.held(), 1_MiB);
    EXPECT_TRUE(all_are(small, 1_MiB, 9));
    void* const large = from.move(small, 1_MiB, 3_MiB, 64_KiB, [](void*) { return true; });
    ASSERT_NE(large, nullptr);
    EXPECT_EQ(from.held(), 3_MiB);
    EXPECT_TRUE(all_are(large, 1_MiB, 9));
    EXPECT_TRUE(all_are(at_offset(large, 1_MiB), 2_MiB, 0));
    from.release(large, 3_MiB, 64_KiB);
}

TEST(supply, takes_back_the_end_of_a_reservation) {
    supply from;
    void* const p = from.reserve(3_MiB, 64_KiB);
    fill_with(p, 1_MiB, 9);
    ASSERT_TRUE(from.shrink(p, 3_MiB, 1_MiB));
    EXPECT_EQ(from.held(), 1_MiB);
    EXPECT_TRUE(all_are(p, 1_MiB, 9));
    from.release(p, 1_MiB, 64_KiB);
    EXPECT_EQ(from.held(), 0U);
}

TEST(supply, of_a_source_asks_the_source_for_everything) {
    ledger books;
    decommitting_ledger_source source{books};
    supply from;
    EXPECT_TRUE(from.is_zeroing());
    from.use(source);
    EXPECT_FALSE(from.is_zeroing());
    void* const p = from.reserve(1_MiB, 64_KiB);
    EXPECT_EQ(from.move(p, 1_MiB, 2_MiB, 64_KiB, [](void*) { return true; }), nullptr);
    EXPECT_FALSE(from.shrink(p, 1_MiB, 64_KiB));
    ASSERT_NE(p, nullptr);
    EXPECT_TRUE(books.inside(p, 1_MiB));
    EXPECT_FALSE(from.extend(p, 1_MiB, 2_MiB));
    EXPECT_EQ(from.decommit(p, 8192), 8192U);
    EXPECT_EQ(books.decommitted(), 8192U);
    books.refuse_next_calls();
    EXPECT_EQ(from.reserve(1_MiB, 64_KiB), nullptr);
    EXPECT_EQ(from.held(), 1_MiB);
    from.release(p, 1_MiB, 64_KiB);
    EXPECT_EQ(from.held(), 0U);
}

TEST(supply, of_a_source_that_cannot_decommit_says_so) {
    ledger books;
    ledger_source source{books};
    supply from;
    from.use(source);
    void* const p = from.reserve(64_KiB, 64_KiB);
    EXPECT_EQ(from.decommit(p, 4096), 0U);
    from.release(p, 64_KiB, 64_KiB);
}

} // namespace
} // namespace cenote_test
