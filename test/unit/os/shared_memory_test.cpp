// Files that processes share, and the marks that the kernel takes back from the dead.
#include "cenote/os/shared_memory.hpp"

#include "support/child.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cenote_test {
namespace {

namespace memory = cenote::shared_memory;

constexpr std::size_t one_page = 4096;

std::string a_path(const char* name) {
    return "/dev/shm/cenote-test-" + std::to_string(::getpid()) + "-" + name;
}

const auto nothing_to_fill = [](int) noexcept { return 0; };

class shared_files : public ::testing::Test {
protected:
    void SetUp() override {
        if (!memory::supported) GTEST_SKIP() << "not on this system";
        ASSERT_EQ(memory::create_unnamed(one_page, fd), 0);
    }
    void TearDown() override {
        if (fd >= 0) memory::close_file(fd);
    }
    int fd = -1;
};

TEST_F(shared_files, are_seen_by_all_who_map_them) {
    std::size_t bytes = 0;
    EXPECT_EQ(memory::size_of(fd, bytes), 0);
    EXPECT_EQ(bytes, one_page);
    void* one = nullptr;
    void* other = nullptr;
    ASSERT_EQ(memory::map(fd, one_page, true, one), 0);
    ASSERT_EQ(memory::map(fd, one_page, false, other), 0);
    ASSERT_NE(one, other);
    EXPECT_EQ(*static_cast<int*>(other), 0);
    *static_cast<int*>(one) = 7;
    EXPECT_EQ(*static_cast<int*>(other), 7);
    memory::unmap(one, one_page);
    memory::unmap(other, one_page);
    EXPECT_EQ(memory::map(-1, one_page, true, one), EBADF);
}

TEST_F(shared_files, without_a_name_cannot_be_made_smaller) { EXPECT_NE(::ftruncate(fd, 1), 0); }

TEST_F(shared_files, appear_whole_or_not_at_all) {
    const std::string path = a_path("whole");
    int made = -1;
    EXPECT_EQ(memory::create_named(
                  path.c_str(), one_page, 0600,
                  [&](int) noexcept { return ::access(path.c_str(), F_OK) == 0 ? EEXIST : EIO; }, made),
              EIO); // nothing there while it is filled
    EXPECT_NE(::access(path.c_str(), F_OK), 0);
    ASSERT_EQ(memory::create_named(path.c_str(), one_page, 0600, nothing_to_fill, made), 0);
    std::size_t bytes = 0;
    EXPECT_EQ(memory::size_of(made, bytes), 0);
    EXPECT_EQ(bytes, one_page);
    memory::close_file(made);
    EXPECT_EQ(memory::create_named(path.c_str(), one_page, 0600, nothing_to_fill, made), EEXIST);
    EXPECT_EQ(memory::remove(path.c_str()), 0);
    EXPECT_EQ(memory::open_file(path.c_str(), true, made), ENOENT);
}

TEST_F(shared_files, refuse_with_the_errno_and_leave_it_alone) {
    int made = -1;
    errno = 77;
    EXPECT_EQ(memory::create_named("/nowhere/at/all", one_page, 0600, nothing_to_fill, made), ENOENT);
    EXPECT_EQ(memory::create_named(std::string(5000, 'x').c_str(), one_page, 0600, nothing_to_fill, made),
              ENAMETOOLONG);
    EXPECT_EQ(memory::create_named("", one_page, 0600, nothing_to_fill, made), ENAMETOOLONG);
    EXPECT_EQ(memory::remove("/nowhere/at/all"), ENOENT);
    EXPECT_EQ(memory::reopen(-1, true, made), ENOENT);
    std::size_t bytes = 0;
    ASSERT_EQ(memory::open_file("/dev/null", true, made), 0);
    EXPECT_EQ(memory::size_of(made, bytes), EINVAL);
    memory::close_file(made);
    EXPECT_EQ(errno, 77);
}

// By a limit, not by a large file: a machine may have room for any.
TEST_F(shared_files, longer_than_the_limit_are_refused_without_a_signal_and_leave_nothing) {
    const std::string path = a_path("limit");
    const int said = in_a_child([&] {
        const rlimit limit{one_page, one_page};
        int made = -1;
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
        if (memory::create_unnamed(2 * one_page, made) != EFBIG) return 2;
        if (memory::create_named(path.c_str(), 2 * one_page, 0600, nothing_to_fill, made) != EFBIG) return 3;
        return memory::create_unnamed(one_page, made) == 0 ? 0 : 4;
    });
    EXPECT_EQ(said, 0);
    EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST_F(shared_files, have_marks_of_which_each_is_held_once) {
    int again = -1;
    ASSERT_EQ(memory::reopen(fd, true, again), 0);
    EXPECT_FALSE(memory::is_held(again, 3));
    EXPECT_EQ(memory::hold(fd, 3, memory::mark::alone), 0);
    EXPECT_TRUE(memory::is_held(again, 3));
    EXPECT_FALSE(memory::is_held(again, 4));
    EXPECT_EQ(memory::hold(again, 3, memory::mark::alone), EAGAIN);
    memory::let_go(fd, 3);
    EXPECT_EQ(memory::hold(again, 3, memory::mark::shared), 0);
    EXPECT_EQ(memory::hold(fd, 3, memory::mark::shared), 0);
    EXPECT_FALSE(memory::is_held(fd, 3)) << "shared is not alone";
    memory::close_file(again);
    EXPECT_TRUE(memory::is_held(-1, 3)) << "what the kernel does not say counts as held";
}

TEST_F(shared_files, lose_the_marks_of_the_dead_whether_or_not_anybody_waits_for_them) {
    int report[2];
    ASSERT_EQ(::pipe(report), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        int own = -1;
        char done = 0;
        if (memory::reopen(fd, true, own) != 0 || memory::hold(own, 9, memory::mark::alone) != 0) ::_exit(1);
        if (::write(report[1], &done, 1) != 1) ::_exit(2);
        for (;;)
            ::pause();
    }
    char done = 1;
    ASSERT_EQ(::read(report[0], &done, 1), 1);
    EXPECT_TRUE(memory::is_held(fd, 9));
    ASSERT_EQ(::kill(child, SIGSTOP), 0);
    EXPECT_TRUE(memory::is_held(fd, 9)) << "who is stopped lives";
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0); // a zombie
    EXPECT_FALSE(memory::is_held(fd, 9));
    ::waitpid(child, nullptr, 0);
    ::close(report[0]);
    ::close(report[1]);
}

} // namespace
} // namespace cenote_test
