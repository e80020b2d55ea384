// One run of the loop in a process of its own: it prepares, locks its memory, gives up system calls, and runs.
#pragma once

#include "loop.hpp"
#include "no_system_calls.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

namespace control_loop {

enum class system_calls { allowed, forbidden };
enum class ending { ran_through, killed_by_sigsys, no_filter_here, failed };

struct plan {
    std::size_t cycles;
    std::uint64_t ticks_per_cycle; // 0: as fast as it goes
    system_calls calls;
};

// In memory that both processes see, since the one that runs the loop can say nothing more.
struct findings {
    int lock_error = 0; // errno of mlockall; 0: all pages are locked
    std::uint64_t cycles_done = 0;
    std::int64_t output = 0;
    std::uint64_t most_alive = 0;
};

// Findings and one count of ticks per cycle, shared with the processes that are forked.
class shared_record {
public:
    explicit shared_record(std::size_t cycles) : bytes_(sizeof(findings) + cycles * sizeof(std::uint32_t)) {
        void* const p = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) std::abort();
        found_ = ::new (p) findings;
        ticks_ = {reinterpret_cast<std::uint32_t*>(found_ + 1), cycles};
    }
    ~shared_record() { munmap(found_, bytes_); }
    shared_record(const shared_record&) = delete;
    shared_record& operator=(const shared_record&) = delete;

    findings& found() { return *found_; }
    std::span<std::uint32_t> ticks() { return ticks_; }

private:
    std::size_t bytes_;
    findings* found_;
    std::span<std::uint32_t> ticks_;
};

constexpr int exit_no_filter = 3;

// As _exit, in front of which sanitizers would make a system call of their own.
inline void leave(int status) { syscall(SYS_exit_group, status); }

template <class Memory>
void run_loop(const plan& plan, shared_record& into) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    findings& found = into.found();
    found = {};
    for (std::uint32_t& ticks : into.ticks())
        ticks = 0; // resident from here on
    // Never destroyed: the process ends without any system call but that.
    auto& memory = *new Memory(controller<Memory>::most_records);
    auto& loop = *new controller<Memory>(memory);
    memory.prepare();
    if (mlockall(MCL_CURRENT) != 0) found.lock_error = errno;
    if (plan.calls == system_calls::forbidden && !forbid_system_calls()) leave(exit_no_filter);

    std::uint64_t next = ticks();
    for (std::uint32_t& taken : into.ticks().first(plan.cycles)) {
        while (ticks() < next) // a timer would be a system call
            _mm_pause();
        next += plan.ticks_per_cycle;
        taken = static_cast<std::uint32_t>(loop.cycle());
        ++found.cycles_done;
    }
    found.output = loop.output();
    found.most_alive = loop.most_alive(); // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): the process ends
    leave(0);
}

template <class Memory>
ending try_loop(const plan& plan, shared_record& into) {
    const pid_t child = fork();
    if (child == 0) run_loop<Memory>(plan, into);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return ending::failed;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) return ending::killed_by_sigsys;
    if (!WIFEXITED(status)) return ending::failed;
    if (WEXITSTATUS(status) == exit_no_filter) return ending::no_filter_here;
    return WEXITSTATUS(status) == 0 ? ending::ran_through : ending::failed;
}

} // namespace control_loop
