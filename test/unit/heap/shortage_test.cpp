// Address space that is short: the OS itself refuses, in a child of its own.
#include "cenote/heap/heap.hpp"

#include "unit/support/heap_parts.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cenote_test {
namespace {

using cenote::heap;

std::size_t address_space_used() { // bytes
    std::ifstream statm{"/proc/self/statm"};
    std::size_t pages = 0;
    statm >> pages;
    return pages * cenote::vm::page_size();
}

void shorten_address_space(std::size_t more) {
    const rlimit limit{address_space_used() + more, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) std::_Exit(10);
}

// Runs `body` in a child and returns its exit code; -1 when it did not end by itself.
template <class Body>
int in_a_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(60);
        ::_exit(body());
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

// A list through the blocks themselves: nothing else may need memory here.
struct link {
    link* next;
};

// Takes blocks until refused, and frees them; returns how many bytes there were.
std::size_t exhaust(heap& h, std::size_t size, std::size_t alignment) {
    link* all = nullptr;
    std::size_t bytes = 0;
    while (void* const p = h.try_allocate(size, alignment)) {
        all = ::new (p) link{all};
        bytes += size;
    }
    while (all != nullptr) {
        void* const p = all;
        all = all->next;
        h.deallocate(p);
    }
    return bytes;
}

int survive(heap& h) {
    void* const kept = h.try_allocate(100);
    shorten_address_space(64_MiB);
    for (int round = 0; round != 3; ++round)
        for (const std::size_t size : {64U, 2000U, 50'000U, 300'000U, 2'000'000U, 6'000'000U}) {
            const std::size_t got = exhaust(h, size, 16);
            // 4 MiB segments at multiples of 4 MiB, and what the last one leaves of the rest.
            if (got < 32_MiB || got > 72_MiB) return 1;
            if (exhaust(h, size, 4096) == 0) return 2;
            if (!h.valid() || !h.is_live(kept)) return 3;
        }
    h.deallocate(kept);
    h.trim();
    if (h.stats().live != 0) return 4;
    return 0;
}

TEST(address_space, that_is_short_is_survived_by_the_heap_of_the_process) {
    EXPECT_EQ(in_a_child([] { return survive(heap::process()); }), 0);
}

TEST(address_space, that_is_short_is_survived_by_a_heap_of_its_own) {
    EXPECT_EQ(in_a_child([] {
                  heap h;
                  return survive(h);
              }),
              0);
}

TEST(address_space, that_is_gone_makes_threads_go_without_magazines) {
    EXPECT_EQ(in_a_child([] {
                  heap h;
                  link* all = nullptr;
                  for (int i = 0; i != 1000; ++i)
                      all = ::new (h.allocate(100)) link{all};
                  shorten_address_space(0);
                  for (int i = 0; i != 1000; ++i) { // its own cache is the only one
                      void* const p = all;
                      all = all->next;
                      h.deallocate(p);
                  }
                  return h.valid() && h.stats().live == 0 ? 0 : 1;
              }),
              0);
}

#if CENOTE_EXCEPTIONS
TEST(address_space, that_is_short_refuses_a_new_heap) {
    EXPECT_EQ(in_a_child([] {
                  shorten_address_space(200_KiB);
                  try {
                      const heap h;
                  } catch (const std::bad_alloc&) {
                      return 0;
                  }
                  return 1;
              }),
              0);
}
#endif

} // namespace
} // namespace cenote_test
