#include "support/team.hpp"

namespace bench {

team::team(std::size_t threads) : ends_(threads) {
    for (std::size_t i = 0; i < threads; ++i)
        threads_.emplace_back([this, i] { serve(i); });
}

team::~team() {
    what_ = nullptr;
    called_.fetch_add(1, std::memory_order_release);
    called_.notify_all();
    for (std::thread& t : threads_)
        t.join();
}

double team::run(const work& what) {
    what_ = &what;
    arrived_.store(0, std::memory_order_relaxed);
    busy_.store(static_cast<int>(threads_.size()), std::memory_order_relaxed);
    // Release: a thread that sees the call sees the three above.
    called_.fetch_add(1, std::memory_order_release);
    called_.notify_all();
    // Asleep, so that the processors are the team's.
    for (int busy = busy_.load(std::memory_order_acquire); busy != 0;
         busy = busy_.load(std::memory_order_acquire))
        busy_.wait(busy, std::memory_order_acquire);
    const std::uint64_t end = *std::max_element(ends_.begin(), ends_.end());
    return static_cast<double>(end - start_) * nanoseconds_per_tick();
}

void team::serve(std::size_t thread) {
    for (int turn = 1;; ++turn) {
        called_.wait(turn - 1, std::memory_order_acquire);
        if (what_ == nullptr) return;
        // Waking takes longer than the shortest calls: whoever wakes first waits for the last.
        if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == static_cast<int>(threads_.size())) {
            start_ = ticks_now();
            begun_.store(turn, std::memory_order_release);
        } else {
            wait_until([&] { return begun_.load(std::memory_order_acquire) == turn; });
        }
        (*what_)(thread, start_);
        ends_[thread] = ticks_now();
        if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
    }
}

} // namespace bench
