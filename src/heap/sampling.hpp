// Layer: heap. Which allocations are drawn: one in about N to lie between guards, one in about N bytes to be remembered with
// its stack for the report of leaks.
//
// Nothing of that is on the fast paths. A heap that samples counts in two ways:
//
//     in bulk      what a refill brings into a magazine counts at once. When the count is used up, this thread's magazines
//                  are passed by for a moment, every allocation of which counts as one, and some allocation in it is drawn:
//                  which one is left to chance, or it would always be one that finds its magazine empty
//     one by one   the magazines are passed by all the time: where one in few is drawn, and where bytes are counted, since
//                  what is drawn then has to stand for all allocations, those of blocks that come and go included
//
// To pass by is what threads do whose heap has no place in thread_heaps::at: they see the closed cache, and the slow path
// finds their own.
#pragma once

#include "cenote/base/bits.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cenote::detail {

// What the process heap samples where nobody says anything.
struct usual_sampling_settings {
    std::uint32_t guard_rate;
    std::uint32_t guard_gap; // milliseconds
};
// There in the replacements of malloc alone.
[[gnu::weak]] extern const usual_sampling_settings usual_sampling;

// What a heap samples. Set under the lock `heaps`, read by slow paths.
struct sampling_settings {
    // Below this, one allocation in N is drawn by counting all of them.
    static constexpr std::uint32_t least_in_bulk = 1024;

    // Changes with the rest; 0: nothing was ever sampled. Release where it is written, acquire where it is read, so that the
    // rest is as new.
    std::atomic<std::uint32_t> version{0};
    std::atomic<std::uint32_t> guard_rate{0}; // one allocation in so many; 0: none
    std::atomic<std::uint32_t> guard_gap{0};  // milliseconds at least between two
    std::atomic<std::size_t> leak_rate{0};    // one allocation in so many bytes; 0: none

    bool is_on() const noexcept { return version.load(std::memory_order_acquire) != 0; }
    // Relaxed: whoever asks has acquired the version.
    bool counts_one_by_one() const noexcept {
        const std::uint32_t rate = guard_rate.load(std::memory_order_relaxed);
        return (rate != 0 && rate < least_in_bulk) || leak_rate.load(std::memory_order_relaxed) != 0;
    }
};

// One thread's counts for one heap. Changed by the thread alone.
class sampling_counts {
public:
    // Allocations that may be drawn, in the moment in which magazines are passed by.
    static constexpr std::uint64_t moment = 128;

    std::uint32_t version = 0;   // of the settings that the counts are for
    bool is_one_by_one = false;  // at present
    bool is_at_work = false;     // a sample is being taken, and nothing that it may allocate is one
    std::int64_t guard_left = 0; // allocations to the one that is drawn
    std::int64_t leak_left = 0;  // bytes

    // At least a half and at most one and a half times `mean`, which the mean is. At random, so that nothing that a program
    // does at regular intervals is drawn always or never.
    std::int64_t draw(std::uint64_t mean) noexcept {
        const std::uint64_t half = mean / 2;
        return static_cast<std::int64_t>(mean - half + below(2 * half + 1));
    }
    std::int64_t draw_in_moment() noexcept { return static_cast<std::int64_t>(1 + below(moment)); }
    bool toss() noexcept { return below(2) != 0; }

    // Other numbers from now on. Without it, they depend on where the counts lie.
    void seed(std::uint64_t with) noexcept { state_ = with; }

private:
    // From 0 to n - 1. Steele, Lea and Flood, 2014, "Fast Splittable Pseudorandom Number Generators".
    std::uint64_t below(std::uint64_t n) noexcept {
        if (state_ == 0) state_ = address_of(this);
        std::uint64_t z = state_ += 0x9E37'79B9'7F4A'7C15;
        z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9;
        z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EB;
        z ^= z >> 31;
        return static_cast<std::uint64_t>((static_cast<unsigned __int128>(z) * n) >> 64);
    }

    std::uint64_t state_ = 0;
};

} // namespace cenote::detail
