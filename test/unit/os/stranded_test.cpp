#include "cenote/os/stranded.hpp"

#include "cenote/os/vm.hpp"
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include <sys/mman.h>

namespace cenote_test {
namespace {

namespace vm = cenote::vm;

std::byte* dirty_pages(std::size_t count) {
    auto* const p = static_cast<std::byte*>(vm::reserve(count * vm::page_size(), vm::page_size()));
    std::memset(p, 7, count * vm::page_size());
    return p;
}
bool is_mapped(void* p) { return ::msync(p, vm::page_size(), MS_ASYNC) == 0; }

TEST(stranded_list, has_nothing_when_nothing_was_kept) {
    vm::stranded_list list;
    EXPECT_EQ(list.bytes(), 0U);
    EXPECT_EQ(list.take(vm::page_size()), nullptr);
    list.retry();
}

TEST(stranded_list, gives_back_what_was_kept_when_it_may_try_again) {
    vm::stranded_list list;
    std::byte* const small = dirty_pages(1);
    std::byte* const large = dirty_pages(5);
    list.keep(small, vm::page_size());
    list.keep(large, 5 * vm::page_size());
    EXPECT_EQ(list.bytes(), 6 * vm::page_size());
    EXPECT_TRUE(is_mapped(small));
    list.retry();
    EXPECT_EQ(list.bytes(), 0U);
    EXPECT_FALSE(is_mapped(small));
    EXPECT_FALSE(is_mapped(large));
}

TEST(stranded_list, serves_reservations_with_zeroes_until_a_piece_is_used_up) {
    const std::size_t page = vm::page_size();
    vm::stranded_list list;
    std::byte* const p = dirty_pages(5);
    list.keep(p, 5 * page);
    EXPECT_EQ(list.take(6 * page), nullptr) << "no piece is so large";
    std::vector<void*> taken;
    for (const std::size_t pages : {2U, 1U, 2U}) {
        auto* const part = static_cast<std::byte*>(list.take(pages * page));
        ASSERT_NE(part, nullptr);
        EXPECT_TRUE(cenote::detail::is_aligned(part, page));
        EXPECT_TRUE(std::all_of(part, part + pages * page, [](std::byte b) { return b == std::byte{0}; }));
        std::memset(part, 9, pages * page);
        taken.push_back(part);
    }
    EXPECT_EQ(taken.back(), p) << "the last of it is its beginning, with the record";
    EXPECT_EQ(list.bytes(), 0U);
    EXPECT_EQ(list.take(page), nullptr);
    vm::release(p, 5 * page);
}

TEST(stranded_list, finds_the_piece_that_is_large_enough_among_others) {
    const std::size_t page = vm::page_size();
    vm::stranded_list list;
    for (const std::size_t pages : {1U, 4U, 2U})
        list.keep(dirty_pages(pages), pages * page);
    void* const taken = list.take(4 * page);
    ASSERT_NE(taken, nullptr);
    EXPECT_EQ(list.bytes(), 3 * page);
    list.retry();
    vm::release(taken, 4 * page);
}

TEST(stranded_list, keeps_what_nobody_could_write_to) {
    vm::stranded_list list;
    std::byte* const p = dirty_pages(2);
    ASSERT_TRUE(vm::forbid(p, 2 * vm::page_size()));
    list.keep(p, 2 * vm::page_size());
    EXPECT_EQ(list.take(2 * vm::page_size()), p);
    vm::release(p, 2 * vm::page_size());
}

TEST(stranded_list, loses_nothing_between_threads_and_gives_nothing_twice) {
    const std::size_t page = vm::page_size();
    constexpr unsigned threads = 4;
    constexpr int rounds = 500;
    vm::stranded_list list;
    std::vector<std::byte*> held[threads];
    on_threads(threads, [&](unsigned t) {
        for (int i = 0; i != 8; ++i)
            held[t].push_back(dirty_pages(1));
        for (int round = 0; round != rounds; ++round) {
            list.keep(held[t].back(), page);
            held[t].pop_back();
            if (auto* const p = static_cast<std::byte*>(list.take(page))) {
                // Else another thread has the same.
                EXPECT_EQ(*p, std::byte{0});
                *p = std::byte{1};
                held[t].push_back(p);
            }
            if (held[t].empty()) held[t].push_back(dirty_pages(1));
        }
    });
    // What is in the list and what is held differ, all of them.
    std::vector<std::byte*> all;
    while (void* const p = list.take(page))
        all.push_back(static_cast<std::byte*>(p));
    for (const auto& of_thread : held)
        all.insert(all.end(), of_thread.begin(), of_thread.end());
    std::ranges::sort(all);
    EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
    EXPECT_GE(all.size(), 8 * threads);
    for (std::byte* const p : all)
        vm::release(p, page);
}

} // namespace
} // namespace cenote_test
