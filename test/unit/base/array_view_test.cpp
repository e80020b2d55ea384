#include "cenote/base/array_view.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace cenote_test {
namespace {

using cenote::detail::array_view;

template <class Array>
void expect_seen(Array&& of) {
    const array_view<int* const> seen = of;
    ASSERT_EQ(seen.size(), std::size(of));
    EXPECT_EQ(seen.data(), std::data(of));
    EXPECT_EQ(seen.end() - seen.begin(), std::ssize(of));
    EXPECT_EQ(&seen[1], std::data(of) + 1);
}

TEST(array_view, is_made_of_whatever_a_span_is_made_of) {
    int* plain[3] = {};
    std::array<int*, 3> array{};
    std::vector<int*> vector(3);
    const std::vector<int*> constant(3);
    expect_seen(plain);
    expect_seen(array);
    expect_seen(vector);
    expect_seen(constant);
    expect_seen(std::span{vector});
    expect_seen(array_view<int*>{vector});
}

TEST(array_view, lets_what_it_is_made_of_be_written_only_where_that_may_be) {
    static_assert(std::is_convertible_v<std::vector<int*>&, array_view<int*>>);
    static_assert(!std::is_convertible_v<const std::vector<int*>&, array_view<int*>>);
    static_assert(!std::is_convertible_v<std::vector<long*>&, array_view<int*>>);
    std::vector<int> numbers{1, 2, 3};
    const array_view<int> seen = numbers;
    seen[2] = 4;
    EXPECT_EQ(numbers[2], 4);
}

TEST(array_view, has_a_first_part) {
    std::array<int, 3> numbers{1, 2, 3};
    const array_view<int> part = array_view<int>{numbers}.first(2);
    EXPECT_EQ(part.size(), 2U);
    EXPECT_EQ(part.data(), numbers.data());
}

} // namespace
} // namespace cenote_test
