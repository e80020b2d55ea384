// There is no more memory: every entry point fails as it says, loses nothing, and works again when memory is there.
//
// Memory is made short by RLIMIT_AS, or, where CENOTE_LIMIT is in the environment, by the library itself; both leave
// about 64 MiB.
#include "override/exercise.hpp"
#include "override/leg.hpp"
#include "override/shortage.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <malloc.h>
#include <new>

namespace cenote_test {
namespace {

struct entry_point {
    const char* name;
    void* (*allocate)(std::size_t);
};
const entry_point entry_points[] = {
    {"malloc", [](std::size_t n) { return std::malloc(n); }},
    {"calloc", [](std::size_t n) { return std::calloc(n, 1); }},
    {"realloc", [](std::size_t n) { return std::realloc(hidden<void*>(nullptr), n); }},
    {"realloc_of_small",
     [](std::size_t n) {
         void* const p = std::malloc(hidden(8UL));
         void* const q = p == nullptr ? nullptr : std::realloc(p, n);
         if (q == nullptr) std::free(p);
         return q;
     }},
    {"reallocarray", [](std::size_t n) { return ::reallocarray(hidden<void*>(nullptr), n, 1); }},
    {"aligned_alloc", [](std::size_t n) { return std::aligned_alloc(256, n); }},
    {"memalign", [](std::size_t n) { return ::memalign(64, n); }},
    {"posix_memalign",
     [](std::size_t n) {
         void* p = nullptr;
         const int result = ::posix_memalign(&p, 128, n);
         errno = result;
         return p;
     }},
    {"valloc", [](std::size_t n) { return ::valloc(n); }},
    {"pvalloc", [](std::size_t n) { return ::pvalloc(n); }},
};

class exhausted : public ::testing::TestWithParam<entry_point> {};
INSTANTIATE_TEST_SUITE_P(entry_points, exhausted, ::testing::ValuesIn(entry_points),
                         [](const auto& row) { return row.param.name; });

TEST_P(exhausted, fails_with_enomem_and_works_again_when_memory_was_freed) {
    for (const std::size_t size : {100UL, 4000UL, 30'000UL, 100'000UL, 5'000'000UL}) {
        std::size_t counts[2] = {};
        int errors[2] = {};
        {
            const shortage now;
            for (int i = 0; i != 2; ++i) {
                const everything all{GetParam().allocate, size};
                counts[i] = all.count;
                errors[i] = all.error;
            }
        }
        EXPECT_EQ(errors[0], ENOMEM) << size;
        EXPECT_EQ(errors[1], ENOMEM) << size;
        EXPECT_LE(counts[0] * size, limited_by_library() ? room : 2 * room) << size;
        if (size >= 4000) {
            EXPECT_GE(counts[0] * size, room / 4) << size;
        }
        // Not all of it: where other alignments were before, not every piece is of use, in glibc by far not.
        EXPECT_GE(counts[1], counts[0] / (under_glibc() ? 16 : 4)) << "the second time, of " << size;
        if (!limited_by_library()) {
            EXPECT_EQ(exercise(size), nullptr) << size;
        }
    }
}

TEST_P(exhausted, one_request_for_too_much_fails_and_the_next_does_not) {
    void* large = nullptr;
    void* small = nullptr;
    int error = 0;
    {
        const shortage now;
        errno = 0;
        large = GetParam().allocate(hidden(too_much));
        error = errno;
        small = GetParam().allocate(hidden(1000UL));
    }
    EXPECT_EQ(large, nullptr);
    EXPECT_EQ(error, ENOMEM);
    EXPECT_NE(small, nullptr);
    std::free(small);
}

TEST(exhausted, tiny_blocks_come_to_an_end_too) {
    std::size_t count = 0;
    int error = 0;
    {
        const shortage now;
        const everything all{[](std::size_t n) { return std::malloc(n); }, 16};
        count = all.count;
        error = all.error;
    }
    EXPECT_EQ(error, ENOMEM);
    EXPECT_GT(count, room / 16 / 8);
}

TEST(exhausted, realloc_keeps_the_block_and_may_shrink_it) {
    for (const std::size_t size : {50UL, 3000UL, 50'000UL, 1'000'000UL}) {
        void* const p = std::malloc(hidden(size));
        pattern{p, size}.fill(size);
        void* larger = p;
        int error = 0;
        void* smaller = nullptr;
        {
            const shortage now;
            errno = 0;
            larger = std::realloc(hidden(p), hidden(too_much));
            error = errno;
            smaller = std::realloc(hidden(p), hidden(size / 2));
        }
        EXPECT_EQ(larger, nullptr) << size;
        EXPECT_EQ(error, ENOMEM) << size;
        ASSERT_NE(smaller, nullptr) << size;
        EXPECT_TRUE((pattern{smaller, size}.holds(size, size / 2))) << size;
        std::free(smaller);
    }
}

// Throwing takes memory of its own.
TEST(exhausted, operator_new_throws_though_nothing_is_left) {
    int thrown = 0;
    bool null[2] = {};
    {
        const shortage now;
        const everything large{[](std::size_t n) { return std::malloc(n); }, 100'000};
        const everything small{[](std::size_t n) { return std::malloc(n); }, 16};
        for (const std::size_t size : {100'000UL, 10'000'000UL}) {
            try {
                ::operator delete(hidden(::operator new(hidden(size))));
            } catch (const std::bad_alloc&) {
                ++thrown;
            }
            try {
                ::operator delete[](hidden(::operator new[](hidden(size), std::align_val_t{64})),
                                    std::align_val_t{64});
            } catch (const std::bad_alloc&) {
                ++thrown;
            }
        }
        null[0] = ::operator new(hidden(100'000UL), std::nothrow) == nullptr;
        null[1] = ::operator new[](hidden(100'000UL), std::align_val_t{64}, std::nothrow) == nullptr;
    }
    EXPECT_EQ(thrown, 4);
    EXPECT_TRUE(null[0] && null[1]);
}

everything<void* (*)(std::size_t)>* ballast = nullptr;
int handler_calls = 0;

TEST(exhausted, operator_new_goes_on_when_the_handler_makes_room) {
    void* p = nullptr;
    handler_calls = 0;
    {
        const shortage now;
        everything<void* (*)(std::size_t)> all{[](std::size_t n) { return std::malloc(n); }, 100'000};
        ballast = &all;
        std::set_new_handler([] {
            ++handler_calls;
            for (int i = 0; i != 20; ++i)
                if (!ballast->give_one_back()) std::set_new_handler(nullptr);
        });
        p = ::operator new(hidden(100'000UL), std::nothrow);
        std::set_new_handler(nullptr);
    }
    EXPECT_NE(p, nullptr);
    EXPECT_GE(handler_calls, 1);
    ::operator delete(p);
}

TEST(exhausted, works_again_when_the_limit_is_raised) {
    if (limited_by_library()) GTEST_SKIP() << "CENOTE_LIMIT is for the life of the process";
    void* p = nullptr;
    {
        const shortage now;
        everything all{[](std::size_t n) { return std::malloc(n); }, 10'000};
        now.lift();
        if (all.one_more()) p = std::malloc(hidden(too_much));
    }
    EXPECT_NE(p, nullptr);
    std::free(p);
}

} // namespace
} // namespace cenote_test
