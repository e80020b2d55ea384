#include "cenote/os/stack_trace.hpp"

#include <cstdint>
#include <gtest/gtest.h>

namespace {

using cenote::detail::stack_trace;

[[gnu::noinline]] stack_trace inner() {
    const stack_trace t = stack_trace::here();
    asm volatile("" ::: "memory"); // not a tail call
    return t;
}
[[gnu::noinline]] stack_trace deep(unsigned levels) {
    const stack_trace t = levels == 0 ? stack_trace::here() : deep(levels - 1);
    asm volatile("" ::: "memory");
    return t;
}

// Whether the frame lies in the function.
bool is_within(const void* frame, stack_trace (*function)()) {
    const auto begin = reinterpret_cast<std::uintptr_t>(function);
    const auto address = reinterpret_cast<std::uintptr_t>(frame);
    return address > begin && address < begin + 128;
}

TEST(stack_trace, begins_with_whoever_asked) {
    const stack_trace t = inner();
    ASSERT_GE(t.count, 2U);
    EXPECT_TRUE(is_within(t.frames[0], inner));
    EXPECT_NE(t.frames[1], t.frames[0]);
}

TEST(stack_trace, skips_the_frames_it_is_told_to) {
    const stack_trace all = stack_trace::here();
    const stack_trace outer = stack_trace::here(1);
    ASSERT_GE(all.count, 2U);
    EXPECT_EQ(outer.frames[0], all.frames[1]);
}

TEST(stack_trace, is_cut_off_where_the_stack_is_deeper) {
    const stack_trace t = deep(40);
    EXPECT_EQ(t.count, stack_trace::max_frames);
}

TEST(stack_trace, equal_where_the_frames_are) {
    const stack_trace t = deep(3);
    stack_trace same = t;
    EXPECT_EQ(same, t);
    same.frames[t.count - 1] = nullptr;
    EXPECT_NE(same, t);
    EXPECT_NE(deep(4), t);
    EXPECT_NE(stack_trace{}, t);
}

TEST(stack_trace, prints_a_line_for_each_frame_with_the_module) {
    testing::internal::CaptureStderr();
    inner().print("allocated by:");
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_EQ(said.find("cenote: allocated by:\ncenote:   #0 0x"), 0U) << said;
    EXPECT_NE(said.find("unit_os"), std::string::npos) << said;
}

TEST(stack_trace, an_empty_one_says_so) {
    testing::internal::CaptureStderr();
    stack_trace{}.print("freed by:");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "cenote: freed by: unknown\n");
}

} // namespace
