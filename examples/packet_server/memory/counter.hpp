// A number that one thread changes and any thread may read: a plain load and store, no locked instruction.
#pragma once

#include <atomic>
#include <cstdint>

namespace packet_server {

template <class Number>
class single_writer {
public:
    single_writer(Number value = 0) noexcept : value_(value) {}
    single_writer(const single_writer&) = delete;

    // Acquire and release pair: a reader that finds this value finds what its writer counted before, so who reads
    // the frees first never sees more of them than allocations.
    operator Number() const noexcept { return value_.load(std::memory_order_acquire); }
    single_writer& operator=(Number value) noexcept {
        value_.store(value, std::memory_order_release);
        return *this;
    }
    single_writer& operator=(const single_writer&) = delete;
    single_writer& operator+=(Number more) noexcept { return *this = mine() + more; }
    single_writer& operator++() noexcept { return *this += 1; }

private:
    // Relaxed: only its own thread changes it.
    Number mine() const noexcept { return value_.load(std::memory_order_relaxed); }

    std::atomic<Number> value_;
};

using counter = single_writer<std::uint64_t>;

} // namespace packet_server
