#include "cenote/base/config.hpp"

#include <gtest/gtest.h>

namespace cenote_test {
namespace {

TEST(config, full_checks_include_the_cheap_ones) {
    static_assert(!cenote::checks_full || cenote::checks_cheap);
    static_assert(CENOTE_CHECKS_NONE < CENOTE_CHECKS_CHEAP && CENOTE_CHECKS_CHEAP < CENOTE_CHECKS_FULL);
}

TEST(config, the_level_is_the_one_that_the_macro_names) {
    EXPECT_EQ(cenote::checks_cheap, CENOTE_CHECKS != CENOTE_CHECKS_NONE);
    EXPECT_EQ(cenote::checks_full, CENOTE_CHECKS == CENOTE_CHECKS_FULL);
}

// Every test of these macros is `#if NAME`: they have to have a value in every build.
TEST(config, every_feature_macro_is_zero_or_one) {
    static_assert(CENOTE_EXCEPTIONS == 0 || CENOTE_EXCEPTIONS == 1);
    static_assert(CENOTE_ASAN == 0 || CENOTE_ASAN == 1);
    static_assert(CENOTE_TSAN == 0 || CENOTE_TSAN == 1);
    static_assert(CENOTE_MSAN == 0 || CENOTE_MSAN == 1);
    static_assert(CENOTE_VALGRIND == 0 || CENOTE_VALGRIND == 1);
    static_assert(CENOTE_HARDENED == 0 || CENOTE_HARDENED == 1);
}

TEST(config, exceptions_are_known_to_be_on_or_off) {
#if CENOTE_EXCEPTIONS
    EXPECT_THROW(throw 1, int);
#else
    GTEST_SKIP() << "compiled without exceptions";
#endif
}

struct nothing {};
struct with_nothing {
    void* p;
    CENOTE_NO_UNIQUE_ADDRESS nothing none;
};

TEST(config, an_empty_member_takes_no_room) { EXPECT_EQ(sizeof(with_nothing), sizeof(void*)); }

} // namespace
} // namespace cenote_test
