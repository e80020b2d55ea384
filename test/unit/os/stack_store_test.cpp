#include "cenote/os/stack_store.hpp"

#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <thread>
#include <vector>

namespace {

using cenote::detail::no_trace;
using cenote::detail::stack_store;
using cenote::detail::stack_trace;
using cenote::detail::trace_id;

stack_trace trace_of(std::uintptr_t number) {
    stack_trace t;
    t.count = 2;
    t.frames[0] = reinterpret_cast<void*>(number * 16 + 1);
    t.frames[1] = reinterpret_cast<void*>(std::uintptr_t{4096});
    return t;
}

TEST(stack_store, gives_back_what_it_was_given) {
    const auto store = std::make_unique<stack_store>();
    const trace_id id = store->remember(trace_of(1));
    ASSERT_NE(id, no_trace);
    EXPECT_EQ(store->recall(id), trace_of(1));
}

TEST(stack_store, the_same_stack_has_the_same_number) {
    const auto store = std::make_unique<stack_store>();
    const trace_id id = store->remember(trace_of(1));
    const trace_id other = store->remember(trace_of(2));
    EXPECT_NE(other, id);
    EXPECT_EQ(store->remember(trace_of(1)), id);
    EXPECT_EQ(store->remember(trace_of(2)), other);
}

TEST(stack_store, an_empty_stack_has_none) {
    const auto store = std::make_unique<stack_store>();
    EXPECT_EQ(store->remember(stack_trace{}), no_trace);
    EXPECT_EQ(store->recall(no_trace), stack_trace{});
}

TEST(stack_store, is_bounded_and_keeps_what_it_has) {
    const auto store = std::make_unique<stack_store>();
    std::uintptr_t n = 0;
    while (store->remember(trace_of(n)) != no_trace)
        ASSERT_LT(++n, 1'000'000U);
    EXPECT_GT(n, 400'000U);
    EXPECT_EQ(store->remember(trace_of(0)), 1U);
    EXPECT_EQ(store->recall(static_cast<trace_id>(n)), trace_of(n - 1));
    EXPECT_EQ(store->remember(trace_of(n + 1)), no_trace);
}

TEST(stack_store, threads_find_each_others_stacks) {
    const auto store = std::make_unique<stack_store>();
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int t = 0; t != 4; ++t)
        threads.emplace_back([&] {
            for (std::uintptr_t n = 0; n != 5000; ++n)
                if (!(store->recall(store->remember(trace_of(n))) == trace_of(n))) ++wrong;
        });
    for (std::thread& t : threads)
        t.join();
    EXPECT_EQ(wrong, 0);
}

} // namespace
