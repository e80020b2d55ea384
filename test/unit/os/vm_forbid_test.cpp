// Pages that nobody may touch.
#include "cenote/os/vm.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <sys/wait.h>

namespace cenote_test {
namespace {

namespace vm = cenote::vm;

class forbidden : public ::testing::Test {
protected:
    ~forbidden() override { vm::release(pages, 3 * vm::page_size()); }
    std::byte* pages = static_cast<std::byte*>(vm::reserve(3 * vm::page_size(), vm::page_size()));
    std::byte* middle = pages + vm::page_size();
};

TEST_F(forbidden, pages_end_the_program_that_touches_them_and_others_do_not) {
    ASSERT_TRUE(vm::forbid(middle, vm::page_size()));
    middle[-1] = middle[vm::page_size()] = std::byte{1};
    // A sanitizer catches the signal, and ends the program in its own way.
    const auto ended = [](int status) {
        return ::testing::KilledBySignal(SIGSEGV)(status) || (WIFEXITED(status) && WEXITSTATUS(status) != 0);
    };
    EXPECT_EXIT(middle[0] = std::byte{1}, ended, "");
    EXPECT_EXIT(middle[vm::page_size() - 1] = std::byte{1}, ended, "");
}

TEST_F(forbidden, pages_have_their_contents_again_when_permitted) {
    middle[5] = std::byte{7};
    ASSERT_TRUE(vm::forbid(middle, vm::page_size()));
    ASSERT_TRUE(vm::permit(pages, 3 * vm::page_size()));
    EXPECT_EQ(middle[5], std::byte{7});
    middle[5] = std::byte{8};
}

TEST_F(forbidden, pages_may_be_decommitted_meanwhile) {
    middle[5] = std::byte{7};
    ASSERT_TRUE(vm::forbid(middle, vm::page_size()));
    ASSERT_TRUE(vm::decommit(middle, vm::page_size()));
    ASSERT_TRUE(vm::permit(middle, vm::page_size()));
    EXPECT_EQ(middle[5], std::byte{0});
}

TEST_F(forbidden, a_refusal_changes_nothing_and_keeps_errno) {
    errno = EDOM;
    EXPECT_FALSE(vm::forbid(middle + 1, vm::page_size())); // no page
    EXPECT_FALSE(vm::permit(middle + 1, vm::page_size()));
    EXPECT_EQ(errno, EDOM);
    middle[0] = std::byte{1};
}

} // namespace
} // namespace cenote_test
