// What is in the memory: zeros from calloc, as much as malloc_usable_size says, the old contents after realloc.
#include "override/hidden.hpp"
#include "override/shortage.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <vector>

namespace cenote_test {
namespace {

std::size_t how_many(std::size_t size) { return size <= 4096 ? 100 : size <= 200'000 ? 20 : 3; }

// Fills all of them and gives them back.
void leave_dirt(std::size_t size) {
    std::vector<void*> blocks(how_many(size));
    for (void*& p : blocks) {
        p = std::malloc(hidden(size));
        std::memset(p, 0xFF, hidden(size));
    }
    for (void* const p : blocks)
        std::free(p);
}

void expect_zeros(std::size_t size) {
    std::vector<void*> blocks(how_many(size));
    for (void*& p : blocks) {
        p = std::calloc(hidden(size), 1);
        ASSERT_NE(p, nullptr);
        ASSERT_TRUE((pattern{p, size}.is_zero())) << size;
    }
    for (void* const p : blocks) {
        std::memset(p, 0xEE, hidden(size));
        std::free(p);
    }
}

TEST(calloc, is_zero_where_blocks_were_freed_dirty) {
    for (const std::size_t size : sizes_of_all_regions) {
        leave_dirt(size);
        expect_zeros(size);
        expect_zeros(size);
    }
}

// Memory that went back to the system in between, and memory that stayed.
TEST(calloc, is_zero_after_memory_was_given_back) {
    for (const std::size_t size : sizes_of_all_regions)
        leave_dirt(size);
    ::malloc_trim(0);
    for (const std::size_t size : sizes_of_all_regions)
        expect_zeros(size);
}

// A block that realloc made smaller or larger leaves dirt of its own.
TEST(calloc, is_zero_where_blocks_were_reallocated) {
    for (const std::size_t size : sizes_of_all_regions) {
        void* p = std::malloc(hidden(size));
        std::memset(p, 0xFF, size);
        p = std::realloc(p, hidden(size / 2 + 1));
        void* q = std::malloc(hidden(size / 2 + 1));
        std::memset(q, 0xFF, size / 2 + 1);
        q = std::realloc(q, hidden(2 * size + 1));
        std::memset(q, 0xFF, 2 * size + 1);
        std::free(p);
        std::free(q);
        expect_zeros(size);
        expect_zeros(2 * size + 1);
    }
}

TEST(malloc_usable_size, of_null_is_zero) { EXPECT_EQ(::malloc_usable_size(hidden<void*>(nullptr)), 0U); }

TEST(malloc_usable_size, may_all_be_used) {
    for (const std::size_t size : sizes_of_all_regions) {
        std::vector<void*> blocks(how_many(size));
        for (std::size_t i = 0; i != blocks.size(); ++i) {
            blocks[i] = std::malloc(hidden(size));
            ASSERT_GE(::malloc_usable_size(blocks[i]), size);
            pattern{blocks[i], ::malloc_usable_size(blocks[i])}.fill(size + i);
        }
        for (std::size_t i = 0; i != blocks.size(); ++i)
            ASSERT_TRUE((pattern{blocks[i], ::malloc_usable_size(blocks[i])}.holds(size + i))) << size;
        // A program that keeps track of it all: realloc moves everything, not only what was asked for at first.
        for (std::size_t i = 0; i != blocks.size(); ++i) {
            const std::size_t usable = ::malloc_usable_size(blocks[i]);
            void* const moved = std::realloc(blocks[i], hidden(usable + 1));
            ASSERT_TRUE((pattern{moved, usable}.holds(size + i))) << size;
            std::free(moved);
        }
    }
}

TEST(malloc_usable_size, stays_the_same) {
    void* const p = std::malloc(hidden(100UL));
    const std::size_t usable = ::malloc_usable_size(p);
    std::memset(p, 0xFF, usable);
    EXPECT_EQ(::malloc_usable_size(p), usable);
    std::free(p);
}

TEST(realloc, keeps_contents_from_every_region_to_every_other) {
    for (const std::size_t from : sizes_of_all_regions)
        for (const std::size_t to : sizes_of_all_regions) {
            if (to == 0) continue;
            void* const p = std::malloc(hidden(from));
            pattern{p, from}.fill(from);
            errno = EXDEV;
            void* const q = std::realloc(p, hidden(to));
            ASSERT_NE(q, nullptr) << from << " to " << to;
            ASSERT_EQ(errno, EXDEV) << from << " to " << to;
            ASSERT_TRUE(is_aligned(q, 16)) << from << " to " << to;
            ASSERT_GE(::malloc_usable_size(q), to);
            ASSERT_TRUE((pattern{q, from}.holds(from, std::min(from, to)))) << from << " to " << to;
            pattern{q, to}.fill(to);
            ASSERT_TRUE((pattern{q, to}.holds(to)));
            std::free(q);
        }
}

TEST(realloc, keeps_contents_of_aligned_blocks) {
    for (const std::size_t alignment : {16U, 64U, 4096U, 65'536U, 1U << 20U})
        for (const std::size_t from : {1U, 100U, 5000U, 70'000U, 2'000'000U})
            for (const std::size_t to : {1U, 100U, 5000U, 70'000U, 2'000'000U, 6'000'000U}) {
                void* const p = std::aligned_alloc(alignment, hidden(from));
                pattern{p, from}.fill(from);
                void* const q = std::realloc(p, hidden(to));
                ASSERT_NE(q, nullptr) << from << " to " << to;
                ASSERT_TRUE((pattern{q, from}.holds(from, std::min(from, to))))
                    << from << " to " << to << " at " << alignment;
                std::free(q);
            }
}

// C17 calls it obsolescent, C23 undefined; glibc 2.36 frees the block and returns null.
TEST(realloc, to_zero_frees_and_returns_null) {
    for (const std::size_t size : sizes_of_all_regions) {
        errno = EXDEV;
        EXPECT_EQ(std::realloc(std::malloc(hidden(size)), hidden(0UL)), nullptr) << size;
        EXPECT_EQ(errno, EXDEV);
        EXPECT_EQ(::reallocarray(std::malloc(hidden(size)), hidden(0UL), 8), nullptr) << size;
    }
    // It really frees: three times as much as there is.
    const shortage now{std::size_t{1} << 30U};
    for (int i = 0; i != 384; ++i) {
        void* const p = std::malloc(hidden(std::size_t{8} << 20U));
        ASSERT_NE(p, nullptr) << i;
        *static_cast<volatile char*>(p) = 1;
        ASSERT_EQ(std::realloc(p, hidden(0UL)), nullptr);
    }
}

TEST(realloc, that_fails_keeps_the_block) {
    for (const std::size_t size : sizes_of_all_regions) {
        void* const p = std::malloc(hidden(size));
        pattern{p, size}.fill(size);
        for (const std::size_t too_large :
             {std::size_t{PTRDIFF_MAX} - 4096, std::size_t{PTRDIFF_MAX} + 1, SIZE_MAX}) {
            errno = 0;
            ASSERT_EQ(std::realloc(hidden(p), hidden(too_large)), nullptr) << size;
            ASSERT_EQ(errno, ENOMEM) << size;
            ASSERT_TRUE((pattern{p, size}.holds(size))) << size;
        }
        std::free(p);
    }
}

TEST(realloc, grows_by_doubling_to_half_a_gibibyte) {
    constexpr std::size_t most = std::size_t{512} << 20U;
    auto* p = static_cast<unsigned char*>(std::malloc(hidden(16UL)));
    p[0] = 1;
    for (std::size_t size = 32; size <= most; size *= 2) {
        p = static_cast<unsigned char*>(std::realloc(p, hidden(size)));
        ASSERT_NE(p, nullptr) << size;
        p[size / 2] = static_cast<unsigned char>(size >> 4U | 1U);
        p[size - 1] = 2;
        for (std::size_t old = 32; old <= size; old *= 2)
            ASSERT_EQ(p[old / 2], static_cast<unsigned char>(old >> 4U | 1U)) << old << " of " << size;
        ASSERT_EQ(p[0], 1);
    }
    for (std::size_t size = most; size >= 32; size /= 4) {
        p = static_cast<unsigned char*>(std::realloc(p, hidden(size)));
        ASSERT_NE(p, nullptr) << size;
        for (std::size_t old = 32; old <= size; old *= 2)
            ASSERT_EQ(p[old / 2], static_cast<unsigned char>(old >> 4U | 1U)) << old << " of " << size;
    }
    std::free(p);
}

TEST(realloc, grows_by_sixteen_bytes_to_300_kilobytes) {
    std::uint32_t* p = nullptr;
    std::size_t words = 0;
    for (std::size_t size = 16; size <= 300'000; size += 16) {
        p = static_cast<std::uint32_t*>(std::realloc(p, hidden(size)));
        ASSERT_NE(p, nullptr) << size;
        for (; words != size / 4; ++words)
            p[words] = static_cast<std::uint32_t>(words * 2'654'435'761U);
    }
    for (std::size_t i = 0; i != words; ++i)
        ASSERT_EQ(p[i], static_cast<std::uint32_t>(i * 2'654'435'761U)) << i;
    std::free(p);
}

} // namespace
} // namespace cenote_test
