#include "child.hpp"

#include "../support/failure.hpp"
#include "../support/streams.hpp"

#include "cenote/os/clock.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace cenote::tool {

namespace {

double seconds_now() { return static_cast<double>(detail::fine_nanoseconds()) * 1e-9; }

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

std::atomic<pid_t> forward_to{0};
std::atomic<int> last_told_to_end{0};
int forwardings = 0;

void forward(int number, siginfo_t* from, void*) {
    if (number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT)
        last_told_to_end.store(number, std::memory_order_relaxed);
    // A terminal's signals come from the kernel, to all processes in the foreground.
    if (from->si_code == SI_KERNEL) return;
    const int kept = errno;
    if (const pid_t to = forward_to.load(std::memory_order_relaxed); to > 0) ::kill(to, number);
    errno = kept;
}

void redirect(int from, int to) {
    if (from >= 0 && from != to) ::dup2(from, to);
}

[[noreturn]] void become(const start_options& options, char* const* arguments, char* const* variables,
                         int tell) {
    redirect(options.input, STDIN_FILENO);
    redirect(options.output, STDOUT_FILENO);
    redirect(options.errors, STDERR_FILENO);
    if (!were_broken_pipes_ignored()) std::signal(SIGPIPE, SIG_DFL);
    ::execve(options.file.c_str(), arguments, variables);
    if (errno == ENOEXEC) {
        // A script without a first line that names its interpreter: as execvp has it, /bin/sh runs it.
        std::vector<char*> shell{const_cast<char*>("/bin/sh"), const_cast<char*>(options.file.c_str())};
        for (++arguments; *arguments != nullptr; ++arguments)
            shell.push_back(*arguments);
        shell.push_back(nullptr);
        ::execve(shell.front(), shell.data(), variables);
        errno = ENOEXEC;
    }
    const int why = errno;
    [[maybe_unused]] const auto written = ::write(tell, &why, sizeof why);
    ::_exit(exit_cannot_run);
}

} // namespace

signal_forwarding::signal_forwarding() : before_{} {
    if (forwardings++ == 0) last_told_to_end.store(0, std::memory_order_relaxed);
    struct sigaction action {};
    action.sa_sigaction = forward;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    for (std::size_t i = 0; i != std::size(numbers); ++i) {
        ::sigaction(numbers[i], nullptr, &before_[i]);
        // What we were told to ignore, as by nohup, the program ignores as well.
        if (before_[i].sa_handler != SIG_IGN) ::sigaction(numbers[i], &action, nullptr);
    }
}

signal_forwarding::~signal_forwarding() {
    restore();
    --forwardings;
}

void signal_forwarding::restore() const noexcept {
    for (std::size_t i = 0; i != std::size(numbers); ++i)
        ::sigaction(numbers[i], &before_[i], nullptr);
}

signal_forwarding::hold::hold() noexcept {
    sigset_t those;
    ::sigemptyset(&those);
    for (const int number : numbers)
        ::sigaddset(&those, number);
    ::sigprocmask(SIG_BLOCK, &those, &before_);
}
void signal_forwarding::hold::release() const noexcept { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

int signal_forwarding::told_to_end() noexcept { return last_told_to_end.load(std::memory_order_relaxed); }

bool ending::was_signalled() const noexcept { return WIFSIGNALED(status); }

int ending::exit_status() const noexcept {
    return was_signalled() ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

double ending::user_seconds() const noexcept { return seconds_of(used.ru_utime); }
double ending::system_seconds() const noexcept { return seconds_of(used.ru_stime); }

std::string ending::text() const {
    if (!was_signalled()) return "exit status " + std::to_string(WEXITSTATUS(status));
    return "signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
}

std::string find_program(const std::string& name) {
    const auto is_program = [](const std::string& path) {
        struct stat file {};
        return ::stat(path.c_str(), &file) == 0 && S_ISREG(file.st_mode) && ::access(path.c_str(), X_OK) == 0;
    };
    if (name.find('/') != std::string::npos) {
        struct stat file {};
        if (::stat(name.c_str(), &file) != 0)
            fail_with_errno(name, errno == ENOENT || errno == ENOTDIR ? exit_not_found : exit_cannot_run);
        if (S_ISDIR(file.st_mode)) throw failure(exit_cannot_run, name + ": is a folder");
        if (!is_program(name)) throw failure(exit_cannot_run, name + ": is not executable");
        return name;
    }
    const char* const path = std::getenv("PATH");
    std::string rest = path != nullptr ? path : "/bin:/usr/bin";
    while (!name.empty()) {
        const std::size_t end = rest.find(':');
        const std::string folder = rest.substr(0, end);
        if (std::string file = (folder.empty() ? "." : folder) + "/" + name; is_program(file)) return file;
        if (end == std::string::npos) break;
        rest.erase(0, end + 1);
    }
    throw failure(exit_not_found, name + ": not found in PATH");
}

child::child(start_options options) : started_(seconds_now()) {
    // Closed by a successful exec; else it brings the reason.
    int told[2];
    if (::pipe2(told, O_CLOEXEC) != 0) fail_with_errno("cannot make a pipe");
    std::vector<char*> arguments;
    for (std::string& word : options.arguments)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const std::vector<char*> variables = options.variables.pointers();

    // fork, not vfork or posix_spawn: the kernel counts into the program's peak what it had before it became that, which
    // after a vfork is all that this process has; after a fork what it has written to.
    // Signals wait until it is clear whose they are.
    const signal_forwarding::hold held;
    pid_ = ::fork();
    if (pid_ == 0) {
        signals_.restore();
        held.release();
        become(options, arguments.data(), variables.data(), told[1]);
    }
    const int forked = errno;
    forward_to.store(std::max(pid_, 0), std::memory_order_relaxed);
    ::close(told[1]);
    int why = 0;
    const bool failed = pid_ > 0 && ::read(told[0], &why, sizeof why) == sizeof why;
    ::close(told[0]);
    if (pid_ < 0) {
        errno = forked;
        fail_with_errno("cannot start a process");
    }
    if (failed) {
        forward_to.store(0, std::memory_order_relaxed);
        ::waitpid(pid_, nullptr, 0);
        errno = why;
        fail_with_errno(options.file, why == ENOENT ? exit_not_found : exit_cannot_run);
    }
}

child::~child() {
    if (waited_) return;
    forward_to.store(0, std::memory_order_relaxed);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void child::send(int signal) const noexcept { ::kill(pid_, signal); }

bool child::has_ended_within(double seconds) const {
    const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (handle < 0) fail_with_errno("cannot watch the program");
    const double end = seconds_now() + seconds;
    pollfd ready{handle, POLLIN, 0};
    int result = 0;
    double left = seconds;
    while (result <= 0 && left > 0) {
        result = ::poll(&ready, 1, static_cast<int>(std::min(left, 1e6) * 1000) + 1);
        left = end - seconds_now();
    }
    ::close(handle);
    return result > 0;
}

ending child::wait(double patience) {
    ending how;
    if (patience > 0 && !has_ended_within(patience)) {
        how.was_killed = true;
        ::kill(pid_, SIGKILL);
    }
    while (::wait4(pid_, &how.status, 0, &how.used) != pid_)
        if (errno != EINTR) fail_with_errno("cannot wait for the program");
    waited_ = true;
    forward_to.store(0, std::memory_order_relaxed);
    how.seconds = seconds_now() - started_;
    how.interrupted = signal_forwarding::told_to_end();
    return how;
}

int end_like(const ending& how) {
    if (!how.was_signalled()) return how.exit_status();
    const rlimit no_dump{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_dump);
    std::signal(WTERMSIG(how.status), SIG_DFL);
    ::raise(WTERMSIG(how.status));
    return how.exit_status();
}

} // namespace cenote::tool
