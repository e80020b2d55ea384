// All entry points mixed over threads, against a model that knows of every block where it is, how large, how aligned and
// what is in it. Blocks wander: another thread than made them may resize or free them.
//
// The seeds are fixed, and named where something is wrong. CENOTE_SOAK_OPERATIONS says how many operations each thread
// does instead of a second's worth.
#include "override/hidden.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <malloc.h>
#include <mutex>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

// Which function a block has to go back to.
enum class family { malloc, single, array, aligned_single, aligned_array };

struct block {
    void* p = nullptr;
    std::size_t size = 0;
    std::size_t alignment = 0;
    std::uint64_t stamp = 0;
    family from = family::malloc;
};

constexpr unsigned threads = 4;
constexpr std::size_t most_live = 600; // of a thread

// Where threads leave blocks for each other.
struct mailbox {
    std::mutex lock;
    std::vector<block> blocks;
};

class mixer {
public:
    mixer(std::uint64_t seed, unsigned thread, std::array<mailbox, threads>& boxes)
        : random_(seed * 1000 + thread), thread_(thread), boxes_(&boxes) {}

    // What was wrong, "" for nothing.
    std::string mix(std::size_t operations) {
        for (std::size_t i = 0; i != operations && wrong_.empty(); ++i)
            step();
        for (const block& b : live_)
            release(b);
        return std::move(wrong_);
    }

    void release(const block& b) {
        check(b);
        const std::align_val_t aligned{b.alignment};
        const bool sized = random_() % 2 == 0;
        // Not by `sized ? … : …`: of two forms of operator delete there, clang 14 calls both.
        switch (b.from) {
        case family::malloc:
            if (random_() % 50 != 0)
                std::free(hidden(b.p));
            else if (std::realloc(hidden(b.p), hidden(0UL)) != nullptr)
                wrong_ = "realloc to 0 is not null";
            break;
        case family::single:
            if (sized)
                ::operator delete(hidden(b.p), b.size);
            else
                ::operator delete(hidden(b.p));
            break;
        case family::array:
            if (sized)
                ::operator delete[](hidden(b.p), b.size);
            else
                ::operator delete[](hidden(b.p));
            break;
        case family::aligned_single:
            if (sized)
                ::operator delete(hidden(b.p), b.size, aligned);
            else
                ::operator delete(hidden(b.p), aligned);
            break;
        case family::aligned_array:
            if (sized)
                ::operator delete[](hidden(b.p), b.size, aligned);
            else
                ::operator delete[](hidden(b.p), aligned);
            break;
        }
    }
    const std::string& wrong() const { return wrong_; }

private:
    void step() {
        const auto what = random_() % 100;
        if (what < 45 && live_.size() < most_live) return add(allocate());
        if (what < 60 && resize()) return;
        if (what < 70) return pass_on();
        if (what < 80) return collect();
        if (live_.empty()) return add(allocate());
        const std::size_t at = random_() % live_.size();
        release(live_[at]);
        forget(at);
    }

    // As in programs: most are small.
    std::size_t some_size() {
        const auto kind = random_() % 1000;
        const std::size_t most = kind < 20    ? 16
                                 : kind < 600 ? 256
                                 : kind < 850 ? 4096
                                 : kind < 960 ? 65'536
                                 : kind < 995 ? 1U << 20
                                              : 8U << 20;
        return random_() % (most + 1);
    }
    std::size_t some_alignment() { return std::size_t{1} << random_() % (random_() % 8 == 0 ? 17 : 10); }

    block allocate() {
        block b;
        b.size = some_size();
        b.alignment = 16;
        const std::size_t n = hidden(b.size);
        const std::size_t factor = 1 + random_() % 9;
        switch (random_() % 16) {
        case 0:
        case 1:
        case 2:
            b.p = std::malloc(n);
            break;
        case 3:
            b.p = std::calloc(factor, n / factor);
            b.size = n / factor * factor;
            if (b.p != nullptr && b.size <= 20'000 && !pattern{b.p, b.size}.is_zero())
                wrong_ = "calloc is not zero";
            break;
        case 4:
            b.p = std::realloc(hidden<void*>(nullptr), n);
            break;
        case 5:
            b.p = ::reallocarray(hidden<void*>(nullptr), factor, n / factor);
            b.size = n / factor * factor;
            break;
        case 6:
            b.p = std::aligned_alloc(b.alignment = some_alignment(), n);
            break;
        case 7:
            b.alignment = some_alignment() * sizeof(void*);
            if (::posix_memalign(&b.p, b.alignment, n) != 0) b.p = nullptr;
            break;
        case 8:
            b.p = ::memalign(b.alignment = some_alignment(), n);
            break;
        case 9:
            b.p = random_() % 2 == 0 ? ::valloc(n) : ::pvalloc(n);
            b.alignment = 4096;
            break;
        case 10:
            b.p = ::operator new(n);
            b.from = family::single;
            break;
        case 11:
            b.p = ::operator new(n, std::nothrow);
            b.from = family::single;
            break;
        case 12:
            b.p = random_() % 2 == 0 ? ::operator new[](n) : ::operator new[](n, std::nothrow);
            b.from = family::array;
            break;
        case 13:
            b.alignment = some_alignment();
            b.p = ::operator new (n, std::align_val_t{b.alignment});
            b.from = family::aligned_single;
            break;
        case 14:
            b.alignment = some_alignment();
            b.p = ::operator new[](n, std::align_val_t{b.alignment}, std::nothrow);
            b.from = family::aligned_array;
            break;
        default:
            b.p = std::malloc(n);
            if (b.p != nullptr)
                b.size = ::malloc_usable_size(b.p); // as programs do that want to use all of it
            break;
        }
        return b;
    }

    void add(block b) {
        if (b.p == nullptr) return fail("no memory", b);
        if (!is_aligned(b.p, b.alignment)) return fail("not aligned", b);
        if (::malloc_usable_size(b.p) < b.size) return fail("not as much usable as was asked for", b);
        b.stamp = random_();
        pattern{b.p, b.size}.fill(b.stamp);
        live_.push_back(b);
    }
    // False when the block drawn is none that may be resized.
    bool resize() {
        if (live_.empty()) return false;
        const std::size_t at = random_() % live_.size();
        block b = live_[at];
        if (b.from != family::malloc) return false;
        check(b);
        const std::size_t size = 1 + some_size();
        const std::size_t old = std::exchange(b.size, size);
        b.p = random_() % 4 == 0 ? ::reallocarray(b.p, 1, hidden(size)) : std::realloc(b.p, hidden(size));
        b.alignment = 16; // realloc promises no more
        if (b.p != nullptr && !pattern{b.p, old}.holds(b.stamp, std::min(old, size)))
            fail("realloc lost contents", b);
        forget(at);
        add(b);
        return true;
    }
    void pass_on() {
        if (live_.empty()) return;
        const std::size_t at = random_() % live_.size();
        mailbox& box = (*boxes_)[random_() % threads];
        {
            const std::lock_guard guard{box.lock};
            box.blocks.push_back(live_[at]);
        }
        forget(at);
    }
    void collect() {
        std::vector<block> mine;
        {
            const std::lock_guard guard{(*boxes_)[thread_].lock};
            mine.swap((*boxes_)[thread_].blocks);
        }
        for (const block& b : mine)
            if (random_() % 3 == 0)
                live_.push_back(b);
            else
                release(b);
    }

    void check(const block& b) {
        if (!pattern{b.p, b.size}.holds(b.stamp)) fail("overwritten", b);
    }
    void forget(std::size_t at) {
        live_[at] = live_.back();
        live_.pop_back();
    }
    void fail(const char* what, const block& b) {
        if (wrong_.empty())
            wrong_ = std::string{what} + ": a block of " + std::to_string(b.size) + " bytes at " +
                     std::to_string(reinterpret_cast<std::uintptr_t>(b.p)) + ", alignment " +
                     std::to_string(b.alignment);
    }

    std::mt19937_64 random_;
    unsigned thread_;
    std::array<mailbox, threads>* boxes_;
    std::vector<block> live_;
    std::string wrong_;
};

class entry_points_mixed : public ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(seeds, entry_points_mixed, ::testing::Values(1, 2, 3, 4, 5, 6));

TEST_P(entry_points_mixed, agree_with_the_model) {
    const char* const wanted = std::getenv("CENOTE_SOAK_OPERATIONS");
    const std::size_t operations = wanted == nullptr ? 30'000 : std::strtoull(wanted, nullptr, 10);
    std::array<mailbox, threads> boxes;
    std::array<std::string, threads> wrong;
    std::vector<std::thread> all;
    for (unsigned t = 0; t != threads; ++t)
        all.emplace_back([&, t] { wrong[t] = mixer{GetParam(), t, boxes}.mix(operations); });
    for (std::thread& t : all)
        t.join();
    for (unsigned t = 0; t != threads; ++t)
        EXPECT_EQ(wrong[t], "") << "seed " << GetParam() << ", thread " << t;
    // What nobody collected, from threads that have ended.
    mixer last{GetParam(), threads, boxes};
    for (mailbox& box : boxes)
        for (const block& b : box.blocks)
            last.release(b);
    EXPECT_EQ(last.wrong(), "") << "seed " << GetParam();
}

} // namespace
} // namespace cenote_test
