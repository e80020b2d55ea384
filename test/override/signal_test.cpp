// Signals interrupt malloc and free. POSIX lets no handler call them, and none does here; but a handler may do what is
// allowed, and what it interrupted goes on as if nothing had been.
#include "override/exercise.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <sys/time.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace cenote_test {
namespace {

std::atomic<int> signals{0};

void handle(int) {
    const int saved = errno;
    errno = EXDEV;
    (void)!::write(-1, "", 1); // sets errno too
    signals.fetch_add(1);
    errno = saved;
}

class timer {
public:
    timer() {
        struct sigaction action {};
        action.sa_handler = handle;
        ::sigaction(SIGALRM, &action, &before_); // without SA_RESTART: system calls are interrupted too
        const ::itimerval often{{0, 500}, {0, 500}};
        ::setitimer(ITIMER_REAL, &often, nullptr);
    }
    ~timer() {
        const ::itimerval never{};
        ::setitimer(ITIMER_REAL, &never, nullptr);
        ::sigaction(SIGALRM, &before_, nullptr);
    }

private:
    struct sigaction before_ {};
};

TEST(signals_under_load, interrupt_nothing_that_shows) {
    signals = 0;
    std::atomic<bool> stop{false};
    std::atomic<const char*> wrong{nullptr};
    {
        const timer running;
        std::vector<std::thread> all;
        for (unsigned t = 0; t != 2; ++t)
            all.emplace_back([&, t] {
                for (std::uint64_t i = 0; !stop.load() && wrong.load() == nullptr; ++i) {
                    errno = EDOM;
                    if (const char* const what = exercise(t + i)) wrong = what;
                    if (errno != EDOM) wrong = "errno changed";
                }
            });
        while (signals.load() < 500 && wrong.load() == nullptr)
            ::usleep(1000);
        stop = true;
        for (std::thread& t : all)
            t.join();
    }
    EXPECT_EQ(wrong.load(), nullptr) << wrong.load();
    EXPECT_GE(signals.load(), 500);
}

// Nor may exit() be called from one, but many a program does; most get away with it.
TEST(signals_under_load, handler_may_end_the_program_as_it_does_under_others) {
    for (int i = 0; i != 60; ++i) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            std::signal(SIGALRM, [](int) { std::exit(0); });
            const ::itimerval once{{0, 0}, {0, 500 + 37 * i}};
            ::setitimer(ITIMER_REAL, &once, nullptr);
            std::vector<void*> blocks(5000);
            for (;;) {
                for (void*& p : blocks)
                    p = std::malloc(hidden(64UL));
                for (void* const p : blocks)
                    std::free(p);
            }
        }
        int status = 0;
        int waited = 0;
        while (::waitpid(child, &status, WNOHANG) == 0 && ++waited != 30'000)
            ::usleep(1000);
        if (waited == 30'000) {
            ::kill(child, SIGKILL);
            ::waitpid(child, &status, 0);
        }
        ASSERT_EQ(status, 0) << "child " << i << (waited == 30'000 ? " hangs" : "");
    }
}

} // namespace
} // namespace cenote_test
