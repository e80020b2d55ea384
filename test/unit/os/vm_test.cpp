#include "cenote/os/vm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <limits>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

namespace vm = cenote::vm;

bool all_zero(const std::byte* p, std::size_t bytes) {
    return std::all_of(p, p + bytes, [](std::byte b) { return b == std::byte{0}; });
}

TEST(vm, an_os_page_is_a_power_of_two) {
    EXPECT_TRUE(std::has_single_bit(vm::page_size()));
    EXPECT_GE(vm::page_size(), 4096U);
    EXPECT_EQ(vm::page_size(), vm::page_size());
}

TEST(vm, reserves_zeroed_memory_that_can_be_written_from_end_to_end) {
    const std::size_t bytes = 5 * vm::page_size();
    auto* const p = static_cast<std::byte*>(vm::reserve(bytes, vm::page_size()));
    ASSERT_NE(p, nullptr);
    EXPECT_TRUE(all_zero(p, bytes));
    std::fill_n(p, bytes, std::byte{0xFF});
    EXPECT_EQ(p[bytes - 1], std::byte{0xFF});
    vm::release(p, bytes);
}

TEST(vm, reserves_at_every_alignment_from_1_byte_to_1_gib) {
    const std::size_t bytes = 2 * vm::page_size();
    std::vector<void*> held; // all at once, so that luck does not align them all
    for (std::size_t alignment = 1; alignment <= std::size_t{1} << 30; alignment *= 2) {
        void* const p = vm::reserve(bytes, alignment);
        ASSERT_NE(p, nullptr) << alignment;
        EXPECT_TRUE(cenote::detail::is_aligned(p, alignment)) << alignment;
        static_cast<std::byte*>(p)[bytes - 1] = std::byte{1};
        held.push_back(p);
    }
    for (void* const p : held)
        vm::release(p, bytes);
}

TEST(vm, reservations_do_not_overlap) {
    const std::size_t bytes = std::size_t{1} << 18;
    std::vector<std::byte*> held;
    for (int i = 0; i != 40; ++i)
        held.push_back(static_cast<std::byte*>(vm::reserve(bytes, bytes)));
    std::sort(held.begin(), held.end());
    for (std::size_t i = 1; i != held.size(); ++i)
        EXPECT_GE(held[i], held[i - 1] + bytes);
    for (std::byte* const p : held)
        vm::release(p, bytes);
}

TEST(vm, refuses_more_than_any_address_space_holds_and_leaves_errno_alone) {
    errno = EDOM;
    constexpr std::size_t huge = std::size_t{1} << 62;
    EXPECT_EQ(vm::reserve(huge, vm::page_size()), nullptr);
    EXPECT_EQ(vm::reserve(vm::page_size(), huge), nullptr);
    const std::size_t largest =
        cenote::detail::round_down(std::numeric_limits<std::size_t>::max(), vm::page_size());
    EXPECT_EQ(vm::reserve(largest, std::size_t{1} << 20), nullptr);
    EXPECT_EQ(errno, EDOM);
}

TEST(vm, decommitted_memory_reads_as_zero_and_can_be_used_again) {
    const std::size_t page = vm::page_size();
    auto* const p = static_cast<std::byte*>(vm::reserve(4 * page, page));
    ASSERT_NE(p, nullptr);
    std::fill_n(p, 4 * page, std::byte{7});
    EXPECT_TRUE(vm::decommit(p + page, 2 * page));
    EXPECT_EQ(p[page - 1], std::byte{7}) << "the page before";
    EXPECT_TRUE(all_zero(p + page, 2 * page));
    EXPECT_EQ(p[3 * page], std::byte{7}) << "the page behind";
    p[page] = std::byte{8};
    EXPECT_EQ(p[page], std::byte{8});
    vm::release(p, 4 * page);
}

#ifndef CENOTE_TEST_EMULATED // qemu-user has a yes for every madvise
TEST(vm, decommit_of_what_is_not_mapped_is_refused) {
    const std::size_t page = vm::page_size();
    void* const p = vm::reserve(page, page);
    ASSERT_NE(p, nullptr);
    vm::release(p, page);
    const bool decommitted = vm::decommit(p, page); // nothing in between that could map memory
    EXPECT_FALSE(decommitted);
}
#endif

#ifdef __linux__

bool resident(void* page) {
    unsigned char state = 0;
    EXPECT_EQ(::mincore(page, vm::page_size(), &state), 0);
    return (state & 1) != 0;
}

TEST(vm, memory_is_resident_only_where_touched_and_until_decommitted) {
    const std::size_t page = vm::page_size();
    auto* const p = static_cast<std::byte*>(vm::reserve(3 * page, page));
    ASSERT_NE(p, nullptr);
    EXPECT_FALSE(resident(p + page));
    p[page] = std::byte{1};
    EXPECT_TRUE(resident(p + page));
    EXPECT_FALSE(resident(p + 2 * page));
    EXPECT_TRUE(vm::decommit(p + page, page));
    EXPECT_FALSE(resident(p + page));
    vm::release(p, 3 * page);
}

std::size_t address_space_used() { // OS pages
    std::ifstream statm{"/proc/self/statm"};
    std::size_t pages = 0;
    statm >> pages;
    return pages;
}

// The larger mapping that an alignment may need is cut back to what was asked for.
TEST(vm, an_aligned_reservation_holds_no_more_address_space_than_asked) {
    const std::size_t bytes = vm::page_size();
    constexpr std::size_t alignment = std::size_t{1} << 28;
    const std::size_t before = address_space_used();
    std::vector<void*> held;
    for (int i = 0; i != 16; ++i)
        held.push_back(vm::reserve(bytes, alignment));
    EXPECT_LT(address_space_used() - before, alignment / vm::page_size())
        << "16 reservations, not one of the ends";
    for (void* const p : held)
        vm::release(p, bytes);
}

#endif

} // namespace
} // namespace cenote_test
