// malloc_worker MODE: a right program, whose standard error check_environment.py looks at.
//
//     idle       allocates nothing of its own
//     work       allocates in two threads
//     exhaust    allocates up to 1 GiB; says how many MiB there were
//     closed     closes standard error, then works
//     reused     closes all files but the first three, opens one of its own under each number, and works; says whether the
//                file is as it left it from a child that waits for its end
//     child      forks; both work
#include "override/exercise.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

using cenote_test::hidden;

int work() {
    const char* wrong = nullptr;
    std::thread{[&] { wrong = cenote_test::exercise(1); }}.join();
    if (wrong == nullptr) wrong = cenote_test::exercise(2);
    std::puts(wrong == nullptr ? "done" : wrong);
    return wrong == nullptr ? 0 : 1;
}

int exhaust() {
    constexpr std::size_t piece = 1U << 20U;
    int pieces = 0;
    int error = 0;
    void** first = nullptr;
    while (pieces != 1024) {
        errno = 0;
        auto* const p = static_cast<void**>(std::malloc(hidden(piece - 64)));
        if (p == nullptr) {
            error = errno;
            break;
        }
        *p = first;
        first = p;
        ++pieces;
    }
    while (first != nullptr) {
        void** const p = first;
        first = static_cast<void**>(*p);
        std::free(p);
    }
    std::printf("%d MiB, errno %s\n", pieces, error == ENOMEM ? "ENOMEM" : error == 0 ? "0" : "wrong");
    return 0;
}

int reuse_files() {
    constexpr char path[] = "/tmp";
    const int own = ::open(path, O_TMPFILE | O_RDWR, 0600);
    if (own < 0 || ::write(own, "ours", 4) != 4) return 1;
    for (int n = STDERR_FILENO + 1; n != 200; ++n)
        if (n != own) ::dup2(own, n);
    const pid_t parent = ::getpid();
    if (::fork() == 0) {
        while (::getppid() == parent)
            ::usleep(1000);
        struct stat now {};
        ::fstat(own, &now);
        std::puts(now.st_size == 4 ? "untouched" : "written to");
        std::fflush(stdout);
        ::_exit(0);
    }
    return cenote_test::exercise(4) == nullptr ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view mode = argc == 2 ? argv[1] : "";
    if (mode == "idle") {
        std::puts("done");
        return 0;
    }
    if (mode == "work") return work();
    if (mode == "exhaust") return exhaust();
    if (mode == "closed") {
        ::close(STDERR_FILENO);
        return work();
    }
    if (mode == "reused") return reuse_files();
    if (mode == "child") {
        const pid_t child = ::fork();
        if (child == 0) {
            std::fclose(stdout);
            return cenote_test::exercise(3) == nullptr ? 0 : 1;
        }
        int status = 0;
        if (::waitpid(child, &status, 0) != child || status != 0) return 1;
        return work();
    }
    return 2;
}
