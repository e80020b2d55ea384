// Signals interrupt malloc and free. POSIX lets no handler call them, and none does here; but a handler may do what is
// allowed, and what it interrupted goes on as if nothing had been.
#include "override/exercise.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <sys/time.h>
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

} // namespace
} // namespace cenote_test
