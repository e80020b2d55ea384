// What the nine programs of the ladder share: claims that are checked, and a clock. See docs/ladder.md.
#pragma once

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

namespace ladder {

inline int untrue = 0;

// Says whether what the tutorial says is so. A program returns result() from main: 1 if anything was not.
inline void claim(bool holds, const char* what) {
    std::printf("  %s  %s\n", holds ? "yes" : "NO ", what);
    if (!holds) ++untrue;
}
inline int result() { return untrue == 0 ? 0 : 1; }

// The compiler must assume that `p` is looked at.
inline void use(void* p) { asm volatile("" : : "r"(p) : "memory"); }

inline std::uintptr_t address_of(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

template <class Work>
double nanoseconds(Work&& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
    return taken.count();
}

// Runs both, one after the other, nine times, and prints the least that `operations` operations took of each, and their
// ratio. Speed is printed and never a claim: a busy machine must not make a program fail.
template <class A, class B>
void compare(std::size_t operations, const char* of_a, A&& a, const char* of_b, B&& b) {
    double least_a = nanoseconds(a);
    double least_b = nanoseconds(b);
    for (int round = 1; round != 9; ++round) {
        least_a = std::min(least_a, nanoseconds(a));
        least_b = std::min(least_b, nanoseconds(b));
    }
    const auto n = static_cast<double>(operations);
    std::printf("  measured, ns: %s %.2f, %s %.2f: ratio %.2f\n", of_a, least_a / n, of_b, least_b / n,
                least_a / least_b);
}

// work(0) to work(threads - 1), each in a thread of its own, begun together.
template <class Work>
void together(unsigned threads, Work&& work) {
    std::barrier start{static_cast<std::ptrdiff_t>(threads)};
    std::vector<std::thread> running;
    for (unsigned i = 0; i != threads; ++i)
        running.emplace_back([&start, &work, i] {
            start.arrive_and_wait();
            work(i);
        });
    for (std::thread& each : running)
        each.join();
}

// One object out and back, `pairs` times.
template <class Pool>
void churn(Pool& pool, std::size_t pairs) {
    for (std::size_t i = 0; i != pairs; ++i) {
        auto* const p = pool.create();
        use(p);
        pool.destroy(p);
    }
}

struct owned {
    std::atomic<int> owners{0};
};
// How often a pool of `owned` hands out a block that somebody has, to four threads with `rounds` pairs each.
template <class Pool>
int handed_out_twice(Pool& pool, int rounds) {
    std::atomic<int> twice{0};
    together(4, [&](unsigned) {
        for (int i = 0; i != rounds; ++i) {
            owned* const p = pool.create();
            twice += p->owners.fetch_add(1) != 0;
            p->owners.fetch_sub(1);
            pool.destroy(p);
        }
    });
    return twice;
}

} // namespace ladder
