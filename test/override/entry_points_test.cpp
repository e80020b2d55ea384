// What the functions return and what they do to errno. Where the standards leave a choice, glibc 2.36 and its manual
// decide; each such place says so.
#include "override/hidden.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <malloc.h>
#include <unistd.h>
#include <vector>

namespace cenote_test {
namespace {

void* by_posix_memalign(std::size_t alignment, std::size_t size) {
    void* p = nullptr;
    const int result = ::posix_memalign(&p, alignment, size);
    if (result != 0) errno = result; // which the function itself need not set
    return p;
}

struct entry_point {
    const char* name;
    void* (*allocate)(std::size_t);
};
const entry_point entry_points[] = {
    {"malloc", [](std::size_t n) { return std::malloc(hidden(n)); }},
    {"calloc(1, n)", [](std::size_t n) { return std::calloc(1, hidden(n)); }},
    {"calloc(n, 1)", [](std::size_t n) { return std::calloc(hidden(n), 1); }},
    {"realloc(null, n)", [](std::size_t n) { return std::realloc(hidden<void*>(nullptr), hidden(n)); }},
    {"reallocarray(null, n, 1)",
     [](std::size_t n) { return ::reallocarray(hidden<void*>(nullptr), hidden(n), 1); }},
    {"aligned_alloc(16, n)", [](std::size_t n) { return std::aligned_alloc(16, hidden(n)); }},
    {"aligned_alloc(4096, n)", [](std::size_t n) { return std::aligned_alloc(4096, hidden(n)); }},
    {"aligned_alloc(1 MiB, n)", [](std::size_t n) { return std::aligned_alloc(1U << 20, hidden(n)); }},
    {"memalign(32, n)", [](std::size_t n) { return ::memalign(32, hidden(n)); }},
    {"posix_memalign(8, n)", [](std::size_t n) { return by_posix_memalign(8, hidden(n)); }},
    {"posix_memalign(64, n)", [](std::size_t n) { return by_posix_memalign(64, hidden(n)); }},
    {"valloc", [](std::size_t n) { return ::valloc(hidden(n)); }},
    {"pvalloc", [](std::size_t n) { return ::pvalloc(hidden(n)); }},
};

class every_entry_point : public ::testing::TestWithParam<entry_point> {};
INSTANTIATE_TEST_SUITE_P(malloc, every_entry_point, ::testing::ValuesIn(entry_points),
                         [](const auto& row) { return "row_" + std::to_string(row.index); });

TEST_P(every_entry_point, gives_aligned_distinct_blocks_of_all_sizes_and_leaves_errno) {
    SCOPED_TRACE(GetParam().name);
    std::vector<std::size_t> sizes(std::begin(sizes_of_all_regions), std::end(sizes_of_all_regions));
    for (std::size_t size = 1; size <= 1100; ++size)
        sizes.push_back(size);
    std::vector<void*> blocks;
    blocks.reserve(sizes.size());
    for (const std::size_t size : sizes) {
        errno = EXDEV; // which no allocation sets
        void* const p = GetParam().allocate(size);
        ASSERT_EQ(errno, EXDEV) << size;
        ASSERT_NE(p, nullptr) << size;
        ASSERT_TRUE(is_aligned(p, 16)) << p << " of " << size;
        ASSERT_GE(::malloc_usable_size(p), size);
        pattern{p, size}.fill(size);
        blocks.push_back(p);
    }
    for (std::size_t i = 0; i != blocks.size(); ++i) {
        const pattern contents{blocks[i], sizes[i]};
        ASSERT_TRUE(contents.holds(sizes[i])) << sizes[i];
        errno = EXDEV;
        std::free(blocks[i]);
        // As POSIX.1-2024 wants it, and glibc from 2.33 on.
        ASSERT_EQ(errno, EXDEV) << "free of " << sizes[i];
    }
}

// The standard lets malloc(0) return null; glibc's manual says that it does not.
TEST_P(every_entry_point, gives_a_block_of_its_own_for_size_zero) {
    SCOPED_TRACE(GetParam().name);
    void* const one = GetParam().allocate(0);
    void* const another = GetParam().allocate(0);
    EXPECT_NE(one, nullptr);
    EXPECT_NE(another, nullptr);
    EXPECT_NE(one, another);
    std::free(one);
    std::free(another);
}

TEST_P(every_entry_point, refuses_what_no_object_may_have_with_enomem) {
    SCOPED_TRACE(GetParam().name);
    constexpr std::size_t most = PTRDIFF_MAX;
    for (const std::size_t size : {most - 4096,
                                   most - 1,
                                   most,
                                   most + 1,
                                   most + 2,
                                   most + 4096,
                                   SIZE_MAX - (1U << 20),
                                   SIZE_MAX - 65'536,
                                   SIZE_MAX - 8192,
                                   SIZE_MAX - 4096,
                                   SIZE_MAX - 4095,
                                   SIZE_MAX - 4094,
                                   SIZE_MAX - 64,
                                   SIZE_MAX - 63,
                                   SIZE_MAX - 32,
                                   SIZE_MAX - 31,
                                   SIZE_MAX - 16,
                                   SIZE_MAX - 15,
                                   SIZE_MAX - 8,
                                   SIZE_MAX - 7,
                                   SIZE_MAX - 1,
                                   SIZE_MAX}) {
        errno = 0;
        void* const p = GetParam().allocate(size);
        EXPECT_EQ(p, nullptr) << size;
        EXPECT_EQ(errno, ENOMEM) << size;
        std::free(p);
    }
}

TEST(free, takes_null_and_leaves_errno) {
    errno = EXDEV;
    std::free(hidden<void*>(nullptr));
    EXPECT_EQ(errno, EXDEV);
}

const std::size_t overflows[][2] = {
    {SIZE_MAX, 2},           {2, SIZE_MAX},           {SIZE_MAX / 2 + 1, 2},
    {SIZE_MAX / 16 + 1, 16}, {16, SIZE_MAX / 16 + 1}, {SIZE_MAX, SIZE_MAX},
    {1UL << 32, 1UL << 32},  {1UL << 33, 1UL << 31},  {(1UL << 32) + 1, (1UL << 32) - 1 + 2},
    {3, SIZE_MAX / 3 + 1},   {1UL << 62, 3}};

TEST(calloc, refuses_a_product_that_overflows) {
    for (const auto& [count, size] : overflows) {
        errno = 0;
        void* const p = std::calloc(hidden(count), hidden(size));
        EXPECT_EQ(p, nullptr) << count << " * " << size;
        EXPECT_EQ(errno, ENOMEM) << count << " * " << size;
        std::free(p);
    }
}

TEST(calloc, of_nothing_is_size_zero_whatever_the_other_factor) {
    for (const auto& [count, size] :
         {std::pair{SIZE_MAX, std::size_t{0}}, {std::size_t{0}, SIZE_MAX}, {0, 0}}) {
        void* const p = std::calloc(hidden(count), hidden(size));
        EXPECT_NE(p, nullptr) << count << " * " << size;
        std::free(p);
    }
}

TEST(reallocarray, refuses_a_product_that_overflows_and_keeps_the_block) {
    void* const p = std::malloc(hidden(100UL));
    pattern{p, 100}.fill(1);
    for (const auto& [count, size] : overflows) {
        errno = 0;
        EXPECT_EQ(::reallocarray(hidden(p), hidden(count), hidden(size)), nullptr) << count << " * " << size;
        EXPECT_EQ(errno, ENOMEM) << count << " * " << size;
        EXPECT_TRUE((pattern{p, 100}.holds(1)));
    }
    std::free(p);
}

TEST(reallocarray, resizes_to_the_product) {
    void* p = ::reallocarray(hidden<void*>(nullptr), hidden(10UL), 7);
    ASSERT_GE(::malloc_usable_size(p), 70U);
    pattern{p, 70}.fill(2);
    p = ::reallocarray(p, hidden(1000UL), 33);
    ASSERT_GE(::malloc_usable_size(p), 33'000U);
    EXPECT_TRUE((pattern{p, 70}.holds(2)));
    std::free(p);
}

TEST(pvalloc, rounds_the_size_up_to_whole_pages) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    for (const std::size_t size : {std::size_t{1}, page - 1, page, page + 1, 10 * page + 1}) {
        void* const p = ::pvalloc(hidden(size));
        const std::size_t rounded = (size + page - 1) / page * page;
        EXPECT_TRUE(is_aligned(p, page));
        EXPECT_GE(::malloc_usable_size(p), rounded) << size;
        pattern{p, rounded}.fill(3);
        EXPECT_TRUE((pattern{p, rounded}.holds(3)));
        std::free(p);
    }
}

TEST(valloc, aligns_to_a_page) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    for (const std::size_t size : sizes_of_all_regions) {
        void* const p = ::valloc(hidden(size));
        EXPECT_TRUE(is_aligned(p, page)) << size;
        std::free(p);
    }
}

} // namespace
} // namespace cenote_test
