// Starts a program, waits for it, and writes what it used to a file:
//
//     launch REPORT PROGRAM ARGUMENTS...      seconds, seconds of processor, KiB at the peak, page faults
//
// The kernel counts into a process's peak what it had before it became another program, the memory of whoever forked it.
// So a small program has to do that, linked statically: a preloaded malloc is then not in it either.
#include <csignal>
#include <cstdio>
#include <ctime>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    const double start = now();
    const pid_t child = ::vfork();
    if (child == 0) {
        ::execv(argv[2], argv + 2);
        ::_exit(127);
    }
    int status = 0;
    rusage used{};
    if (child < 0 || ::wait4(child, &status, 0, &used) != child) return 126;
    const double seconds = now() - start;

    std::FILE* const report = std::fopen(argv[1], "w");
    if (report == nullptr) return 125;
    std::fprintf(report, "%.6f %.6f %ld %ld\n", seconds,
                 seconds_of(used.ru_utime) + seconds_of(used.ru_stime), used.ru_maxrss,
                 used.ru_minflt + used.ru_majflt);
    if (std::fclose(report) != 0) return 125;
    // Ends as the program did, so that whoever waits sees the same.
    if (WIFSIGNALED(status)) {
        const rlimit no_dump{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_dump);
        ::raise(WTERMSIG(status));
    }
    return WEXITSTATUS(status);
}
