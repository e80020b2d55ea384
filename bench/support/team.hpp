// Several threads that start each piece of work at the same moment.
#pragma once

#include "support/clock.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace bench {

inline void pause_a_little() noexcept {
#if defined(__x86_64__)
    _mm_pause();
#endif
}

// Waits until `ready()`: pauses for a while, then leaves the processor to others.
template <class Ready>
void wait_until(Ready&& ready) {
    for (int i = 0; !ready(); ++i) {
        if (i < 200)
            pause_a_little();
        else
            std::this_thread::yield();
    }
}

// The threads live as long as the team, so that what an allocator keeps for each of them stays warm from one piece of
// work to the next. An exception in the work ends the process.
class team {
public:
    // `start` is the tick at which all were ready, the same for all threads.
    using work = std::function<void(std::size_t thread, std::uint64_t start)>;

    explicit team(std::size_t threads);
    ~team();
    team(const team&) = delete;
    team& operator=(const team&) = delete;

    // Each thread does `what` once, all beginning when the last is ready. Returns the wall time from that moment to the
    // end of the last, ns.
    double run(const work& what);

private:
    void serve(std::size_t thread);

    const work* what_ = nullptr; // nullptr: the end
    std::uint64_t start_ = 0;
    std::atomic<int> called_{0}; // pieces of work so far
    std::atomic<int> begun_{0};  // the piece that all threads are ready for
    std::atomic<int> arrived_{0};
    std::atomic<int> busy_{0};
    std::vector<std::uint64_t> ends_;
    std::vector<std::thread> threads_;
};

// Ends a thread's part of a call after a fixed time, whatever its subject managed by then, and knows its worst stall:
// the longest time between two looks.
class pacer {
public:
    pacer(std::uint64_t start, double call_ns) noexcept
        : last_(ticks_now()),
          deadline_(start + static_cast<std::uint64_t>(call_ns / nanoseconds_per_tick())) {}

    // Asked after every few hundred operations.
    bool goes_on() noexcept {
        const std::uint64_t now = ticks_now();
        longest_ = std::max(longest_, now - last_);
        last_ = now;
        return now < deadline_;
    }
    double worst_stall() const noexcept { return static_cast<double>(longest_) * nanoseconds_per_tick(); }

private:
    std::uint64_t last_;
    std::uint64_t deadline_;
    std::uint64_t longest_ = 0;
};

// What `threads` threads can use at once of this machine's processors.
inline std::size_t processors_for(std::size_t threads) {
    return std::min<std::size_t>(threads, std::max(1U, std::thread::hardware_concurrency()));
}

} // namespace bench
