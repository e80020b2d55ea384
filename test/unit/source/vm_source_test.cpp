#include "cenote/source/vm_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <type_traits>

namespace cenote_test {
namespace {

using cenote::vm_source;

std::byte* take(std::size_t bytes, std::size_t alignment) {
    return static_cast<std::byte*>(vm_source{}.allocate(bytes, alignment));
}
std::size_t page() { return cenote::vm::page_size(); }

TEST(vm_source, is_stateless_decommits_and_has_no_bound) {
    static_assert(std::is_empty_v<vm_source>);
    static_assert(cenote::decommitting_source<vm_source> && !cenote::bounded_source<vm_source>);
    EXPECT_TRUE(vm_source{} == vm_source{});
}

TEST(vm_source, gives_memory_of_any_size_rounded_up_to_whole_os_pages) {
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{100}, page() - 1, page(), page() + 1}) {
        std::byte* const p = take(bytes, 8);
        ASSERT_NE(p, nullptr);
        const std::size_t whole = cenote::detail::round_up(bytes, page());
        EXPECT_EQ(std::count(p, p + whole, std::byte{0}), static_cast<std::ptrdiff_t>(whole));
        std::fill_n(p, whole, std::byte{1});
        vm_source{}.deallocate(p, bytes, 8);
    }
}

TEST(vm_source, keeps_alignments_below_and_above_an_os_page) {
    for (std::size_t alignment = 1; alignment <= std::size_t{1} << 26; alignment *= 4) {
        std::byte* const p = take(1000, alignment);
        ASSERT_NE(p, nullptr);
        EXPECT_TRUE(cenote::detail::is_aligned(p, alignment)) << alignment;
        vm_source{}.deallocate(p, 1000, alignment);
    }
}

TEST(vm_source, refuses_sizes_and_alignments_that_no_machine_has) {
    constexpr std::size_t largest = std::numeric_limits<std::size_t>::max();
    constexpr std::size_t highest = (largest >> 1) + 1; // the largest power of two
    EXPECT_EQ(take(largest, 8), nullptr);
    EXPECT_EQ(take(largest - 100, 8), nullptr);
    EXPECT_EQ(take(largest / 4, 8), nullptr);
    EXPECT_EQ(take(1, highest), nullptr);
    EXPECT_EQ(take(1, highest / 2), nullptr);
    EXPECT_EQ(take(1, highest / 4), nullptr);
    EXPECT_EQ(take(largest, highest), nullptr);
}

TEST(vm_source, decommits_the_whole_os_pages_inside_a_range_and_says_how_many_bytes) {
    const std::size_t bytes = 4 * page();
    std::byte* const p = take(bytes, page());
    ASSERT_NE(p, nullptr);
    std::fill_n(p, bytes, std::byte{7});

    EXPECT_EQ(vm_source{}.decommit(p + 100, bytes - 200), 2 * page());

    EXPECT_EQ(p[page() - 1], std::byte{7}) << "the OS page that is not wholly inside";
    EXPECT_EQ(p[3 * page()], std::byte{7}) << "the OS page that is not wholly inside";
    EXPECT_EQ(std::count(p + page(), p + 3 * page(), std::byte{0}), static_cast<std::ptrdiff_t>(2 * page()));
    vm_source{}.deallocate(p, bytes, page());
}

TEST(vm_source, decommits_nothing_where_no_whole_os_page_is_inside) {
    const std::size_t bytes = 2 * page();
    std::byte* const p = take(bytes, page());
    ASSERT_NE(p, nullptr);
    std::fill_n(p, bytes, std::byte{7});
    EXPECT_EQ(vm_source{}.decommit(p, page() - 1), 0U);
    EXPECT_EQ(vm_source{}.decommit(p + 1, page()), 0U);
    EXPECT_EQ(vm_source{}.decommit(p + 1, bytes - 2), 0U);
    EXPECT_EQ(vm_source{}.decommit(p, 0), 0U);
    EXPECT_EQ(std::count(p, p + bytes, std::byte{7}), static_cast<std::ptrdiff_t>(bytes));
    EXPECT_EQ(vm_source{}.decommit(p + 1, bytes - 1), page()) << "the last one is";
    vm_source{}.deallocate(p, bytes, page());
}

} // namespace
} // namespace cenote_test
