#include "cenote/freelist/free_list.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

using cenote::free_list;

constexpr std::size_t block_bytes = 48;
constexpr bool asan = CENOTE_ASAN != 0;

// Blocks, shown again at the end: what the list hid has to be ordinary memory when it dies.
struct free_list_of : ::testing::Test {
    explicit free_list_of(std::size_t blocks = 16)
        : memory(blocks * block_bytes / sizeof(std::max_align_t)) {}
    ~free_list_of() override {
        cenote::detail::show_range(memory.data(), memory.size() * sizeof(std::max_align_t));
    }
    std::byte* block(std::size_t i) { return reinterpret_cast<std::byte*>(memory.data()) + i * block_bytes; }
    void push(std::size_t i) { list.push(block(i), block_bytes); }
    void* pop() { return list.pop(block_bytes); }

    std::vector<std::max_align_t> memory;
    free_list list;
};

TEST_F(free_list_of, no_block_is_empty) {
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(list.top(), nullptr);
    EXPECT_EQ(pop(), nullptr);
    EXPECT_EQ(list.count(100), 0U);
    EXPECT_FALSE(list.holds(block(0)));
}

TEST_F(free_list_of, blocks_gives_the_one_pushed_last_first) {
    for (std::size_t i = 0; i != 5; ++i) {
        push(i);
        EXPECT_EQ(list.top(), block(i));
    }
    for (std::size_t i = 5; i-- != 0;)
        EXPECT_EQ(pop(), block(i));
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(pop(), nullptr);
}

TEST_F(free_list_of, blocks_is_one_pointer_in_size) {
    static_assert(sizeof(free_list) == sizeof(void*) && sizeof(free_list::link) == sizeof(void*));
}

TEST_F(free_list_of, blocks_can_be_moved_but_not_copied) {
    static_assert(!std::is_copy_constructible_v<free_list> && !std::is_copy_assignable_v<free_list>);
    push(0);
    push(1);
    free_list other{std::move(list)};
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(other.count(10), 2U);
    list = std::move(other);
    EXPECT_TRUE(other.empty());
    EXPECT_EQ(pop(), block(1));
    EXPECT_EQ(pop(), block(0));
}

TEST_F(free_list_of, blocks_counts_them_but_no_further_than_asked) {
    for (std::size_t i = 0; i != 7; ++i)
        push(i);
    EXPECT_EQ(list.count(100), 7U);
    EXPECT_EQ(list.count(7), 7U);
    EXPECT_EQ(list.count(3), 3U);
    EXPECT_EQ(list.count(0), 0U);
}

TEST_F(free_list_of, blocks_knows_which_ones_it_holds) {
    for (const std::size_t i : {3U, 9U, 0U})
        push(i);
    for (std::size_t i = 0; i != 16; ++i)
        EXPECT_EQ(list.holds(block(i)), i == 3 || i == 9 || i == 0) << i;
    EXPECT_FALSE(list.holds(block(3) + 8)) << "the middle of a block";
}

TEST_F(free_list_of, blocks_forgets_them_when_cleared) {
    push(0);
    push(1);
    list.clear();
    EXPECT_TRUE(list.empty());
    push(2);
    EXPECT_EQ(list.count(10), 1U) << "no link to what was before";
}

TEST_F(free_list_of, blocks_writes_no_more_than_a_link_into_each) {
    std::fill_n(block(0), block_bytes, std::byte{7});
    push(0);
    EXPECT_EQ(pop(), block(0));
    const auto untouched =
        std::count(block(0) + sizeof(free_list::link), block(0) + block_bytes, std::byte{7});
    EXPECT_EQ(static_cast<std::size_t>(untouched), block_bytes - sizeof(free_list::link));
}

TEST_F(free_list_of, blocks_hides_free_ones_from_the_program_and_shows_popped_ones) {
    using cenote::detail::is_poisoned;
    push(0);
    push(1);
    EXPECT_EQ(is_poisoned(block(0)), asan);
    EXPECT_EQ(is_poisoned(block(1) + block_bytes - 1), asan);
    ASSERT_EQ(list.count(10), 2U);
    EXPECT_TRUE(list.holds(block(0)));
    EXPECT_EQ(is_poisoned(block(1)), asan) << "after the walk, too";
    EXPECT_EQ(pop(), block(1));
    EXPECT_FALSE(is_poisoned(block(1)));
    EXPECT_FALSE(is_poisoned(block(1) + block_bytes - 1));
    EXPECT_EQ(is_poisoned(block(0)), asan);
}

struct free_list_of_many : free_list_of {
    static constexpr std::size_t blocks = 100'000;
    free_list_of_many() : free_list_of(blocks) {}
};

TEST_F(free_list_of_many, blocks_is_walked_without_recursion) {
    for (std::size_t i = 0; i != blocks; ++i)
        push(i);
    EXPECT_EQ(list.count(2 * blocks), blocks);
    EXPECT_TRUE(list.holds(block(0)));
    for (std::size_t i = blocks; i-- != 0;)
        ASSERT_EQ(pop(), block(i));
    EXPECT_TRUE(list.empty());
}

} // namespace
} // namespace cenote_test
