// Layer: tool. A program that is started, and how it ended.
#pragma once

#include "environment.hpp"

#include <csignal>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <sys/types.h>
#include <vector>

namespace cenote::tool {

struct start_options {
    std::string file;                   // what is run
    std::vector<std::string> arguments; // the program's name first
    environment variables;
    // What it has for these; -1: what this process has.
    int input = -1;
    int output = -1;
    int errors = -1;
};

struct ending {
    int status = 0; // as wait4 has it
    rusage used{};  // with what those used that it waited for
    double seconds = 0;
    bool was_killed = false; // by us: it took too long
    int interrupted = 0;     // the signal by which somebody told us to end, meanwhile; 0: none

    bool was_signalled() const noexcept;
    int exit_status() const noexcept; // as shells have it: 128 and the signal
    bool is_success() const noexcept { return status == 0; }
    double user_seconds() const noexcept;
    double system_seconds() const noexcept;
    double processor_seconds() const noexcept { return user_seconds() + system_seconds(); }
    double peak_bytes() const noexcept { return static_cast<double>(used.ru_maxrss) * 1024; } // resident
    long page_faults() const noexcept { return used.ru_minflt + used.ru_majflt; }
    std::string text() const; // "exit status 3", "signal 11 (Segmentation fault)"
};

// The file that execvp would run for a name. Throws failure: exit_not_found, or exit_cannot_run.
std::string find_program(const std::string& name);

// While one is there, signals by which others tell this process something go on to the program that runs, if one does, and do
// nothing else; those of the terminal a program gets itself. They nest.
class signal_forwarding {
public:
    signal_forwarding();
    signal_forwarding(const signal_forwarding&) = delete;
    signal_forwarding& operator=(const signal_forwarding&) = delete;
    ~signal_forwarding();

    // For a process that was forked: as it was before the innermost one.
    void restore() const noexcept;

    // While one is there, the signals wait.
    class hold {
    public:
        hold() noexcept;
        hold(const hold&) = delete;
        hold& operator=(const hold&) = delete;
        ~hold() { release(); }
        void release() const noexcept;

    private:
        sigset_t before_;
    };

    // The last signal that told this process to end, since the outermost of these is there; 0: none.
    static int told_to_end() noexcept;

private:
    static constexpr int numbers[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH};
    struct sigaction before_[std::size(numbers)];
};

// A running program. Its destructor kills and waits, if nobody has waited before.
class child {
public:
    // Throws failure where it cannot be run; nothing of it has run then.
    explicit child(start_options options);
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child();

    pid_t pid() const noexcept { return pid_; }
    // Until it ends. It is killed after `patience` seconds; 0: never.
    ending wait(double patience = 0);

    // Whether it has ended at the latest then; waits so long.
    bool has_ended_within(double seconds) const;
    void send(int signal) const noexcept;

private:
    signal_forwarding signals_;
    pid_t pid_ = 0;
    double started_;
    bool waited_ = false;
};

// Ends this process as that one did: with its exit status, which is returned, or by the same signal, without a dump.
int end_like(const ending& how);

} // namespace cenote::tool
