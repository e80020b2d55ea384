// aligned_alloc, memalign and posix_memalign: alignments from 1 byte to 16 MiB, larger and smaller than the size, and
// those that are none.
#include "override/hidden.hpp"
#include "override/leg.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <malloc.h>
#include <vector>

namespace cenote_test {
namespace {

struct aligned_block {
    void* p;
    std::size_t size;
};

// Some of each size live at once, so that neighbours would show.
template <class Allocate>
void check_alignment(std::size_t alignment, Allocate allocate) {
    SCOPED_TRACE(alignment);
    std::vector<aligned_block> blocks;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{24}, std::size_t{100}, alignment - 1, alignment,
          alignment + 1, std::size_t{5000}, std::size_t{40'000}, 3 * alignment})
        for (int i = 0; i != 3; ++i) {
            void* const p = allocate(hidden(alignment), hidden(size));
            ASSERT_NE(p, nullptr) << size;
            ASSERT_TRUE(is_aligned(p, alignment)) << p << " of " << size;
            ASSERT_TRUE(is_aligned(p, 16) || alignment < 16) << p << " of " << size;
            ASSERT_GE(::malloc_usable_size(p), size);
            pattern{p, size}.fill(blocks.size());
            blocks.push_back({p, size});
        }
    for (std::size_t i = 0; i != blocks.size(); ++i)
        ASSERT_TRUE((pattern{blocks[i].p, blocks[i].size}.holds(i))) << blocks[i].size;
    for (std::size_t i = 0; i != blocks.size(); i += 2)
        std::free(blocks[i].p);
    for (std::size_t i = 1; i < blocks.size(); i += 2) {
        ASSERT_TRUE((pattern{blocks[i].p, blocks[i].size}.holds(i))) << blocks[i].size;
        std::free(blocks[i].p);
    }
}

constexpr std::size_t largest_alignment = 16U << 20U;

TEST(aligned_alloc, aligns_to_every_power_of_two) {
    for (std::size_t alignment = 1; alignment <= largest_alignment; alignment *= 2)
        check_alignment(alignment, [](std::size_t a, std::size_t n) { return std::aligned_alloc(a, n); });
}

TEST(memalign, aligns_to_every_power_of_two) {
    for (std::size_t alignment = 1; alignment <= largest_alignment; alignment *= 2)
        check_alignment(alignment, [](std::size_t a, std::size_t n) { return ::memalign(a, n); });
}

TEST(posix_memalign, aligns_to_every_power_of_two_from_that_of_a_pointer) {
    for (std::size_t alignment = sizeof(void*); alignment <= largest_alignment; alignment *= 2)
        check_alignment(alignment, [](std::size_t a, std::size_t n) {
            void* p = nullptr;
            return ::posix_memalign(&p, a, n) == 0 ? p : nullptr;
        });
}

// errno is not where posix_memalign reports, and what it was to set stays as it was (Linux's manual page).
TEST(posix_memalign, refuses_other_alignments_with_einval_and_touches_nothing) {
    for (const std::size_t alignment :
         {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{4}, std::size_t{7},
          std::size_t{9}, std::size_t{12}, std::size_t{24}, std::size_t{48}, std::size_t{100},
          std::size_t{4095}, std::size_t{4097}, std::size_t{3} << 20, SIZE_MAX, SIZE_MAX - 7}) {
        int here = 0;
        void* p = &here;
        errno = EXDEV;
        EXPECT_EQ(::posix_memalign(&p, hidden(alignment), hidden(100UL)), EINVAL) << alignment;
        EXPECT_EQ(p, &here) << alignment;
        EXPECT_EQ(errno, EXDEV) << alignment;
    }
}

TEST(posix_memalign, reports_that_there_is_no_memory_and_touches_nothing) {
    for (const std::size_t size : {std::size_t{PTRDIFF_MAX}, SIZE_MAX - 4096, SIZE_MAX}) {
        int here = 0;
        void* p = &here;
        errno = EXDEV;
        EXPECT_EQ(::posix_memalign(&p, 64, hidden(size)), ENOMEM) << size;
        EXPECT_EQ(p, &here) << size;
        if (!under_glibc()) { // which sets it
            EXPECT_EQ(errno, EXDEV) << size;
        }
    }
}

// The manual wants a power of two and names EINVAL; glibc 2.36 itself rounds the alignment up, later ones refuse it. Either
// is right, nothing else is.
template <class Allocate>
void check_other_alignments(Allocate allocate) {
    for (const std::size_t alignment : {0U, 3U, 5U, 6U, 24U, 48U, 100U, 1000U, 4097U, (3U << 20) + 1}) {
        errno = 0;
        void* const p = allocate(hidden(alignment), hidden(200UL));
        if (p == nullptr) {
            EXPECT_EQ(errno, EINVAL) << alignment;
            continue;
        }
        EXPECT_TRUE(is_aligned(p, std::bit_ceil(std::size_t{alignment}))) << p << " for " << alignment;
        pattern{p, 200}.fill(1);
        std::free(p);
    }
}

TEST(aligned_alloc, rounds_other_alignments_up_or_refuses_them) {
    check_other_alignments([](std::size_t a, std::size_t n) { return std::aligned_alloc(a, n); });
}

TEST(memalign, rounds_other_alignments_up_or_refuses_them) {
    check_other_alignments([](std::size_t a, std::size_t n) { return ::memalign(a, n); });
}

TEST(memalign, refuses_alignments_beyond_the_address_space) {
    for (const std::size_t alignment :
         {(SIZE_MAX >> 1U) + 1, (SIZE_MAX >> 1U) + 2, SIZE_MAX, std::size_t{1} << 62U})
        for (const std::size_t size : {0UL, 1UL, 4096UL, SIZE_MAX}) {
            errno = 0;
            EXPECT_EQ(::memalign(hidden(alignment), hidden(size)), nullptr) << alignment << ", " << size;
            EXPECT_TRUE(errno == EINVAL || errno == ENOMEM) << errno << " for " << alignment << ", " << size;
        }
}

} // namespace
} // namespace cenote_test
