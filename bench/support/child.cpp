#include "support/child.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace bench {
namespace {

constexpr int threw = 3;

[[noreturn]] void fail_with_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void write_all(int to, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(to, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail_with_errno("write to the parent process");
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

std::string read_all(int from) {
    std::string text;
    std::array<char, 65536> part{};
    for (;;) {
        const ssize_t n = ::read(from, part.data(), part.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail_with_errno("read from the child process");
        if (n == 0) return text;
        text.append(part.data(), static_cast<std::size_t>(n));
    }
}

// _exit, not exit: destructors and atexit handlers are the parent's, and a million live objects of a peer
// whose destructor takes quadratic time need not be destroyed to be forgotten.
[[noreturn]] void serve(int to, const std::function<std::string()>& work) {
    int status = 0;
    try {
        write_all(to, work());
    } catch (const std::exception& error) {
        status = threw;
        try {
            write_all(to, error.what());
        } catch (const std::exception&) {
            // The parent is gone: nobody is left to be told.
        }
    }
    std::fflush(nullptr);
    ::_exit(status);
}

} // namespace

std::string in_child(const std::function<std::string()>& work) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) fail_with_errno("pipe");
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0) fail_with_errno("fork");
    if (child == 0) {
        ::close(ends[0]);
        serve(ends[1], work);
    }
    ::close(ends[1]);
    std::string answer = read_all(ends[0]);
    ::close(ends[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) fail_with_errno("waitpid");
    }
    if (WIFSIGNALED(status))
        throw std::runtime_error(std::string("the process died: ") + ::strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0) throw std::runtime_error(answer.empty() ? "the process failed" : answer);
    return answer;
}

} // namespace bench
