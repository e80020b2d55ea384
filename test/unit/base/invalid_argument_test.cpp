#include "cenote/base/config.hpp"
#include "cenote/base/invalid_argument.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>

namespace cenote_test {
namespace {

using cenote::detail::throw_invalid_argument;

#if CENOTE_EXCEPTIONS

TEST(invalid_argument, is_thrown_and_says_what) {
    try {
        throw_invalid_argument("the alignment");
        FAIL() << "returned";
    } catch (const std::invalid_argument& e) {
        EXPECT_STREQ(e.what(), "the alignment");
    }
}

#else

TEST(invalid_argument_death, aborts_and_says_what_without_exceptions) {
    EXPECT_EXIT(throw_invalid_argument("the alignment"), ::testing::KilledBySignal(SIGABRT),
                "cenote: the alignment");
}

#endif

} // namespace
} // namespace cenote_test
