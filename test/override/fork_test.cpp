// A program forks while its threads allocate: parent and child go on, in all sizes.
#include "override/exercise.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <pthread.h>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace cenote_test {
namespace {

// The exit code of `body` in a child, or minus the signal that ended it: SIGALRM, 14, when it hangs.
template <class Body>
int in_a_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(30);
        ::_exit(body());
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child) return -100;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// Threads that allocate and free blocks of all sizes as long as this lives.
class load {
public:
    explicit load(unsigned threads) {
        for (unsigned t = 0; t != threads; ++t)
            all_.emplace_back([this, t](const std::stop_token& stop) { allocate(t, stop); });
        while (started_.load() != threads)
            std::this_thread::yield();
    }

private:
    void allocate(unsigned seed, const std::stop_token& stop) {
        std::minstd_rand random{seed + 1};
        // Few: each page that is written after a fork is copied, and that, not allocation, would be the test.
        std::vector<void*> blocks(100);
        started_.fetch_add(1);
        while (!stop.stop_requested()) {
            void*& p = blocks[random() % blocks.size()];
            const std::size_t most = random() % 100 == 0 ? 600'000 : random() % 10 == 0 ? 40'000 : 300;
            if (random() % 4 == 0)
                p = std::realloc(p, hidden(random() % most + 1));
            else {
                std::free(p);
                p = std::malloc(hidden(random() % most));
            }
        }
        for (void* const p : blocks)
            std::free(p);
    }

    std::atomic<unsigned> started_{0};
    std::vector<std::jthread> all_;
};

// In the child of a fork: 0 when all is well.
int go_on(void* const* inherited, std::size_t count) {
    if (exercise(1) != nullptr) return 1;
    // Blocks of the time before the fork are the child's to free.
    for (std::size_t i = 0; i != count; ++i) {
        if (!pattern{inherited[i], 100 * i}.holds(i)) return 2;
        std::free(inherited[i]);
    }
    const char* wrong = "the thread did not run";
    std::thread{[&] { wrong = exercise(2); }}.join();
    if (wrong != nullptr) return 3;
    return exercise(3) == nullptr ? 0 : 4;
}

class fork_under_load : public ::testing::Test {
protected:
    fork_under_load() {
        for (std::size_t i = 0; i != kept.size(); ++i) {
            kept[i] = std::malloc(hidden(100 * i));
            pattern{kept[i], 100 * i}.fill(i);
        }
    }
    ~fork_under_load() override {
        for (std::size_t i = 0; i != kept.size(); ++i) {
            EXPECT_TRUE((pattern{kept[i], 100 * i}.holds(i))) << i;
            std::free(kept[i]);
        }
    }
    std::vector<void*> kept = std::vector<void*>(200);
};

TEST_F(fork_under_load, child_goes_on_and_so_does_the_parent) {
    const load others{4};
    for (int i = 0; i != 12; ++i) {
        ASSERT_EQ(in_a_child([&] { return go_on(kept.data(), kept.size()); }), 0) << "child " << i;
        ASSERT_EQ(exercise(4), nullptr);
    }
}

TEST_F(fork_under_load, child_of_a_thread_that_ends_may_fork_too) {
    const load others{2};
    for (int i = 0; i != 5; ++i) {
        int result = -1;
        std::thread{[&] {
            result = in_a_child([&] {
                const int in_grandchild = in_a_child([&] { return go_on(kept.data(), kept.size()); });
                return in_grandchild == 0 ? go_on(kept.data(), kept.size()) : 100 - in_grandchild;
            });
        }}.join();
        ASSERT_EQ(result, 0) << "child " << i;
    }
}

// Two threads fork at once.
TEST_F(fork_under_load, several_threads_may_fork) {
    const load others{2};
    std::vector<std::thread> forking;
    std::atomic<int> well{0};
    for (int t = 0; t != 2; ++t)
        forking.emplace_back([&] {
            for (int i = 0; i != 10; ++i)
                if (in_a_child([] { return exercise(5) == nullptr ? 0 : 1; }) == 0) well.fetch_add(1);
        });
    for (std::thread& t : forking)
        t.join();
    EXPECT_EQ(well.load(), 20);
}

// A program's own handlers, registered after the library was loaded, run while forking and may allocate: the library's
// locks are taken last and released first.
std::atomic<int> handled{0};
void allocate_in_handler() {
    void* const blocks[] = {std::malloc(hidden(50UL)), std::malloc(hidden(5000UL)),
                            std::malloc(hidden(500'000UL))};
    for (void* const p : blocks) {
        if (p != nullptr) handled.fetch_add(1);
        std::free(p);
    }
}

TEST_F(fork_under_load, handlers_of_pthread_atfork_may_allocate) {
    ASSERT_EQ(::pthread_atfork(allocate_in_handler, allocate_in_handler, allocate_in_handler), 0);
    const load others{3};
    handled = 0;
    for (int i = 0; i != 5; ++i)
        ASSERT_EQ(in_a_child([&] { return go_on(kept.data(), kept.size()); }), 0) << "child " << i;
    EXPECT_EQ(handled.load(), 5 * 6); // prepare and parent; the child counts its own
}

// Those of a library that was there earlier run while the library's locks are taken.
extern "C" int fork_library_served();

TEST_F(fork_under_load, handlers_registered_before_the_librarys_own_may_allocate) {
    const load others{3};
    for (int i = 0; i != 5; ++i) {
        const int before = fork_library_served();
        ASSERT_EQ(in_a_child([&] {
                      return fork_library_served() == before + 600 ? go_on(kept.data(), kept.size()) : 5;
                  }),
                  0)
            << "child " << i;
        ASSERT_EQ(fork_library_served(), before + 600) << "before the fork, and behind it in the parent";
    }
}

} // namespace
} // namespace cenote_test
