// Reservations that grow, where they lie or elsewhere.
#include "cenote/os/vm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

#ifdef __linux__

namespace cenote_test {
namespace {

namespace vm = cenote::vm;

bool all_are(const std::byte* p, std::size_t bytes, int value) {
    return std::all_of(p, p + bytes, [value](std::byte b) { return b == static_cast<std::byte>(value); });
}

class vm_growth : public ::testing::Test {
protected:
    const std::size_t page = vm::page_size();
    // Two pages with `pages` unmapped ones behind them.
    std::byte* with_room_behind(std::size_t pages) const {
        auto* const p = static_cast<std::byte*>(vm::reserve((2 + pages) * page, page));
        vm::release(p + 2 * page, pages * page);
        std::fill_n(p, 2 * page, std::byte{5});
        return p;
    }
};

TEST_F(vm_growth, in_place_keeps_the_contents_and_adds_zeroes) {
    std::byte* const p = with_room_behind(6);
    ASSERT_TRUE(vm::extend(p, 2 * page, 8 * page)); // nothing in between that could map memory
    EXPECT_TRUE(all_are(p, 2 * page, 5));
    EXPECT_TRUE(all_are(p + 2 * page, 6 * page, 0));
    std::fill_n(p, 8 * page, std::byte{6});
    vm::release(p, 8 * page);
}

TEST_F(vm_growth, in_place_is_refused_where_something_lies_behind) {
    auto* const p = static_cast<std::byte*>(vm::reserve(4 * page, page));
    std::fill_n(p, 4 * page, std::byte{7});
    EXPECT_FALSE(vm::extend(p, 2 * page, 3 * page));
    EXPECT_TRUE(all_are(p, 4 * page, 7)) << "a refusal changed something";
    vm::release(p, 4 * page);
}

TEST_F(vm_growth, by_move_takes_the_contents_along) {
    auto* const from = static_cast<std::byte*>(vm::reserve(2 * page, page));
    auto* const to = static_cast<std::byte*>(vm::reserve(5 * page, 1 << 20));
    std::fill_n(from, 2 * page, std::byte{8});
    ASSERT_TRUE(vm::move(from, 2 * page, to, 5 * page));
    EXPECT_TRUE(all_are(to, 2 * page, 8));
    EXPECT_TRUE(all_are(to + 2 * page, 3 * page, 0));
#ifndef CENOTE_TEST_EMULATED // qemu-user has a yes for every madvise
    EXPECT_FALSE(vm::decommit(from, 2 * page)) << "the old place is still mapped";
#endif
    vm::release(to, 5 * page);
}

TEST_F(vm_growth, by_move_from_what_is_not_mapped_is_refused) {
    auto* const from = static_cast<std::byte*>(vm::reserve(2 * page, page));
    auto* const to = static_cast<std::byte*>(vm::reserve(4 * page, page));
    vm::release(from, 2 * page);
    EXPECT_FALSE(vm::move(from, 2 * page, to, 4 * page));
    vm::release(to, 4 * page);
}

} // namespace
} // namespace cenote_test

#endif
