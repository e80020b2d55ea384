// What families are made of: the list of large blocks, and the sources.
#include "cenote/adaptor/family_parts.hpp"

#include "cenote/adaptor/common_source.hpp"
#include "cenote/adaptor/system_source.hpp"
#include "cenote/source/buffer_source.hpp"
#include "unit/support/ledger.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <memory_resource>
#include <vector>

namespace cenote_test {
namespace {

TEST(large_blocks, go_back_in_any_order) {
    ledger books;
    cenote::detail::large_blocks<ledger_source> blocks{books};
    std::vector<void*> out;
    for (const std::size_t bytes : {1U, 9000U, 8193U, 100000U, 12345U}) {
        out.push_back(blocks.allocate(bytes, 32));
        ASSERT_TRUE(cenote::detail::is_aligned(out.back(), 32));
        std::memset(out.back(), 1, bytes);
    }
    EXPECT_EQ(blocks.live(), 1U + 9000U + 8193U + 100000U + 12345U);
    EXPECT_TRUE(blocks.is_one(out[1], 9000, 32));
    EXPECT_FALSE(blocks.is_one(out[1], 9000, 64));
    blocks.deallocate(out[2], 8193, 32);  // in the middle
    blocks.deallocate(out[4], 12345, 32); // the newest
    blocks.deallocate(out[0], 1, 32);     // the oldest
    EXPECT_EQ(books.out().size(), 2U);
    EXPECT_EQ(blocks.release(), 9000U + 100000U);
    EXPECT_TRUE(books.out().empty());
    EXPECT_EQ(blocks.live(), 0U);
}

TEST(large_blocks, are_released_by_their_death_and_refused_when_they_must) {
    ledger books;
    cenote::detail::large_blocks<ledger_source> blocks{books};
    EXPECT_NE(blocks.allocate(10000, 8), nullptr);
    books.refuse_next_calls();
    EXPECT_EQ(blocks.allocate(10000, 8), nullptr);
    EXPECT_EQ(blocks.live(), 10000U);
}

struct counted_lock {
    int held = 0;
    int times = 0;
    void lock() noexcept {
        ++held;
        ++times;
    }
    void unlock() noexcept { --held; }
};

TEST(common_source, holds_its_lock_and_hides_the_bound) {
    std::array<std::byte, 1024> buffer;
    cenote::buffer_source bounded{buffer.data(), buffer.size()};
    counted_lock lock;
    cenote::detail::common_source source{bounded, lock};
    static_assert(cenote::memory_source<decltype(source)>);
    static_assert(!cenote::bounded_source<decltype(source)>);
    static_assert(!cenote::decommitting_source<decltype(source)>);
    void* const p = source.allocate(10, 1);
    EXPECT_EQ(p, buffer.data());
    source.deallocate(p, 10, 1);
    EXPECT_EQ(lock.times, 2);
    EXPECT_EQ(lock.held, 0);
    static_assert(
        cenote::decommitting_source<cenote::detail::common_source<cenote::vm_source, counted_lock>>);
}

TEST(system_source, is_the_os_where_no_resource_is_named) {
    cenote::system_source os;
    void* const p = os.allocate(100, 4096);
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(os.decommit(p, cenote::vm::page_size()), cenote::vm::page_size());
    os.deallocate(p, 100, 4096);

    std::array<std::byte, 1024> buffer;
    std::pmr::monotonic_buffer_resource resource{buffer.data(), buffer.size()};
    cenote::system_source named{&resource};
    void* const q = named.allocate(100, 1);
    EXPECT_EQ(q, buffer.data());
    EXPECT_EQ(named.decommit(q, 100), 0U);
    named.deallocate(q, 100, 1);
}

} // namespace
} // namespace cenote_test
