// Stacks that begin alike are one, and nothing is lost that can be seen.
#include "tool/view/call_tree.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace cenote::tool {
namespace {

measures of_bytes(double bytes) { return {.bytes = bytes, .allocations = bytes / 10}; }

TEST(call_tree, merges_stacks_as_far_as_they_begin_alike) {
    const std::vector<view_stack> stacks{{.functions = {7, 1, 2}},
                                         {.functions = {7, 1, 3}},
                                         {.functions = {7, 1}},
                                         {.functions = {8}},
                                         {.functions = {7, 7, 7}}};
    const std::vector<measures> of{of_bytes(10), of_bytes(20), of_bytes(30), of_bytes(40), of_bytes(50)};
    const call_tree tree(stacks, of);
    std::vector<std::vector<double>> rows;
    for (const call_tree_frame& f : tree.frames())
        rows.push_back({static_cast<double>(f.parent), static_cast<double>(f.function), f.sum.bytes});
    EXPECT_EQ(rows, (std::vector<std::vector<double>>{{0, 0, 150},
                                                      {0, 7, 110},
                                                      {1, 1, 60},
                                                      {2, 2, 10},
                                                      {2, 3, 20},
                                                      {0, 8, 40},
                                                      {1, 7, 50},
                                                      {6, 7, 50}}));
}

TEST(call_tree, leaves_out_what_is_small_by_every_measure_and_keeps_it_in_its_callers) {
    const std::vector<view_stack> stacks{{.functions = {1, 2}}, {.functions = {1, 3}}, {.functions = {1, 4}}};
    std::vector<measures> of{of_bytes(1e6), of_bytes(10), of_bytes(10)};
    of[2].live_at_end = 1; // all of what is live there
    const call_tree tree(stacks, of);
    ASSERT_EQ(tree.frames().size(), 4U);
    EXPECT_EQ(tree.frames()[1].sum.bytes, 1e6 + 20);
    EXPECT_EQ(tree.frames()[3].function, 4U);
}

TEST(call_tree, is_never_too_large_and_has_callers_before_what_they_call) {
    std::mt19937_64 random(1);
    std::vector<view_stack> stacks;
    std::vector<measures> of;
    for (int i = 0; i != 900; ++i) {
        stacks.emplace_back();
        for (int depth = 0; depth != 60; ++depth)
            stacks.back().functions.push_back(static_cast<std::uint32_t>(random() % 1000));
        of.push_back(of_bytes(100));
    }
    const call_tree tree(stacks, of);
    EXPECT_LE(tree.frames().size(), call_tree::most_frames);
    for (std::size_t i = 1; i != tree.frames().size(); ++i)
        EXPECT_LT(tree.frames()[i].parent, i);
    EXPECT_EQ(tree.frames()[0].sum.bytes, 90'000);
}

TEST(call_tree, of_nothing_is_its_root) { EXPECT_EQ(call_tree({}, {}).frames().size(), 1U); }

TEST(stack_weight, makes_the_expected_sum_right) {
    // Drawn with probability 1 - exp(-size / interval).
    EXPECT_DOUBLE_EQ(stack_weight(100'000'000, 1000), 1);
    EXPECT_NEAR(stack_weight(1, 65'536), 65'536.5, 0.01);
    EXPECT_DOUBLE_EQ(stack_weight(64, 0), 1);
    EXPECT_DOUBLE_EQ(stack_weight(0, 1000), 1);
}

} // namespace
} // namespace cenote::tool
