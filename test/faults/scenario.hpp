// A scenario is what a program does with pools or a heap: it goes through all that may call the OS, takes every refusal in
// its stride, and ends with nothing held. It is run over and over, each time in a process of its own, with the next call of
// the OS failing, until none does: the technique of Zig's std.testing.checkAllAllocationFailures.
#pragma once

#include "faults/os_calls.hpp"
#include "support/objects.hpp"
#include "support/shared_pools.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cenote_test {

struct scenario {
    const char* name;
    void (*run)();
    std::size_t kept =
        0; // bytes more that may be mapped after a failure: kept for later threads, which is bounded
};
inline std::ostream& operator<<(std::ostream& to, const scenario& s) { return to << s.name; }

// In a scenario's process: what EXPECT is elsewhere.
inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "scenario: %s\n", what);
    ::_exit(2);
}
// Whether it was refused. Nothing may be where no call failed.
inline bool is_refused(const void* p) {
    if (p != nullptr) return false;
    require(any_failed(), "refused, though no call of the OS failed");
    return true;
}
inline bool is_refused(bool done) { return is_refused(done ? "" : nullptr); }

// body(0) to body(threads - 1) on as many threads, none of which ends before all have done so much: how many there are at a
// time says how much of their memory is kept for later ones. Barriers of C++ would call futex from here.
template <class Body>
void on_threads_together(unsigned threads, Body body) {
    pthread_barrier_t all_done;
    ::pthread_barrier_init(&all_done, nullptr, threads);
    on_threads(threads, [&](unsigned t) {
        body(t);
        ::pthread_barrier_wait(&all_done);
    });
    ::pthread_barrier_destroy(&all_done);
}

// What comes back from a scenario's process.
struct outcome {
    bool has_failed = false; // a call of the OS
    std::size_t mapped = 0;  // bytes, at the end
};

// `k` 0: no call fails. After the failure it runs twice more, and everything must work; the first may still find what the
// failure left to be given back. False where the process did not end as it should.
inline bool run_in_a_child(const scenario& s, os_call call, std::size_t k, failing how, outcome& to) {
    int ends[2];
    if (::pipe(ends) != 0) return false;
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(60);
        outcome o;
        if (k != 0) {
            fail_at(call, k, how);
            s.run();
            o.has_failed = any_failed();
            recover();
            fail_at(call, static_cast<std::size_t>(-1) / 2,
                    failing::alone); // none any more: nothing may be refused
        }
        s.run();
        s.run();
        o.mapped = mapped_bytes();
        ::_exit(::write(ends[1], &o, sizeof o) == static_cast<ssize_t>(sizeof o) ? 0 : 3);
    }
    ::close(ends[1]);
    const bool is_read = ::read(ends[0], &to, sizeof to) == static_cast<ssize_t>(sizeof to);
    ::close(ends[0]);
    int status = 0;
    return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0 && is_read;
}

inline void expect_survival(const scenario& s, failing how) {
    outcome unharmed;
    // The most of several: where addresses fall, and which thread comes first, may cost a unit more.
    for (int tries = 0; tries != 8; ++tries) {
        outcome o;
        ASSERT_TRUE(run_in_a_child(s, os_call::mmap, 0, how, o));
        unharmed.mapped = std::max(unharmed.mapped, o.mapped);
    }
    std::size_t failures = 0;
    for (const os_call call : all_os_calls)
        for (std::size_t k = 1;; k += how == failing::alone ? 1 : 1 + k / 4) {
            SCOPED_TRACE(testing::Message() << "call " << k << " of " << name_of(call));
            ASSERT_LT(k, 10'000U) << "the scenario never ends";
            outcome o;
            ASSERT_TRUE(run_in_a_child(s, call, k, how, o));
            // What is lost is lost each time.
            outcome again = o;
            for (int tries = 0; again.mapped > unharmed.mapped + s.kept && tries != 4; ++tries)
                ASSERT_TRUE(run_in_a_child(s, call, k, how, again));
            EXPECT_LE(again.mapped, unharmed.mapped + s.kept) << "address space was lost";
            if (!o.has_failed) break;
            ++failures;
        }
    EXPECT_NE(failures, 0U);
    testing::Test::RecordProperty("failures", static_cast<int>(failures));
    std::printf("%s: %zu failures survived\n", s.name, failures);
}

class failing_os_calls : public testing::TestWithParam<scenario> {};

// For INSTANTIATE_TEST_SUITE_P.
inline std::string scenario_name(const testing::TestParamInfo<scenario>& of) { return of.param.name; }

} // namespace cenote_test
