// Every way to get, resize and free blocks of every size, mixed at random over threads that hand blocks to each other; each
// block holds a pattern that only its owner writes. CENOTE_STRESS_OPERATIONS is how many operations each case makes.
#include "cenote/heap/heap.hpp"

#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::literals;
using cenote::heap;

std::size_t operations() {
    const char* const asked = std::getenv("CENOTE_STRESS_OPERATIONS");
    return asked != nullptr ? std::strtoull(asked, nullptr, 10)
                            : (CENOTE_TSAN || CENOTE_ASAN ? 100'000 : 400'000);
}

struct block {
    void* p = nullptr;
    std::size_t size = 0;
    std::size_t alignment = 0; // 0: none was asked
    std::uint64_t stamp = 0;
    bool is_object = false;
};

// Looked at every 61st byte, the first ones all, so that parts of a block can be checked as well.
constexpr std::size_t step(std::size_t i) { return i < 16 ? 1 : 61; }
constexpr std::uint8_t pattern(std::uint64_t stamp, std::size_t i) {
    return static_cast<std::uint8_t>((stamp * 0x9E3779B97F4A7C15U + i * 131) >> 24);
}
void fill(const block& b) {
    auto* const bytes = static_cast<std::uint8_t*>(b.p);
    for (std::size_t i = 0; i < b.size; i += step(i))
        bytes[i] = pattern(b.stamp, i);
}
bool holds(const void* p, std::size_t size, std::uint64_t stamp) {
    const auto* const bytes = static_cast<const std::uint8_t*>(p);
    for (std::size_t i = 0; i < size; i += step(i))
        if (bytes[i] != pattern(stamp, i)) return false;
    return true;
}
bool is_zero(const block& b) {
    const auto* const bytes = static_cast<const std::uint8_t*>(b.p);
    for (std::size_t i = 0; i < b.size; i += step(i))
        if (bytes[i] != 0) return false;
    return true;
}

struct object {
    std::array<std::uint8_t, 200> bytes; // the block's pattern is its contents
    object() noexcept {}
};

// Blocks on their way from one thread to any other.
class exchange {
public:
    block swap(std::size_t place, block in) noexcept {
        slot& s = slots_[place % slots_.size()];
        while (s.busy.test_and_set(std::memory_order_acquire))
            std::this_thread::yield();
        std::swap(s.held, in);
        s.busy.clear(std::memory_order_release);
        return in;
    }
    static constexpr std::size_t places = 128;

private:
    struct slot {
        std::atomic_flag busy;
        block held;
    };
    std::array<slot, places> slots_;
};

class random_user {
public:
    random_user(heap& h, exchange& travellers, std::uint64_t seed)
        : h_(h), travellers_(travellers), random_(seed) {}

    void run(std::size_t count) {
        for (std::size_t i = 0; i != count; ++i) {
            const std::uint64_t dice = random_() % 100;
            if (dice < 45 && mine_.size() < 250)
                allocate();
            else if (dice < 55)
                reallocate();
            else if (dice < 70)
                hand_over();
            else if (!mine_.empty())
                free_one();
            if (i % 20'000 == 19'999) h_.trim();
        }
        while (!mine_.empty())
            free_one();
    }
    void free(const block& b) {
        if (b.p == nullptr) return;
        if (!holds(b.p, b.size, b.stamp)) ++wrong;
        if (b.is_object)
            h_.delete_object(static_cast<object*>(b.p));
        else if (b.stamp % 2 == 0)
            h_.deallocate(b.p);
        else if (b.alignment != 0)
            h_.deallocate(b.p, b.size, b.alignment);
        else
            h_.deallocate(b.p, b.size);
    }
    std::size_t wrong = 0;

private:
    // Mostly small, each doubling as likely as the one before up to 64 KiB, and now and then a large one.
    std::size_t any_size() {
        const std::uint64_t dice = random_() % 1000;
        const std::uint64_t doublings = dice < 960   ? random_() % 11
                                        : dice < 995 ? random_() % 17
                                                     : random_() % 23;
        return random_() % (std::size_t{2} << doublings);
    }
    void allocate() {
        block b{.size = any_size(), .stamp = random_()};
        const std::uint64_t how = random_() % 8;
        if (how < 3) {
            b.p = h_.try_allocate(b.size);
        } else if (how < 5) {
            b.alignment = std::size_t{1} << random_() % 15;
            b.p = h_.try_allocate(b.size, b.alignment);
        } else if (how < 6) {
            b.p = h_.try_allocate_zeroed(b.size);
            if (b.p != nullptr && !is_zero(b)) ++wrong;
        } else if (how < 7) {
            b.p = h_.try_reallocate(nullptr, b.size);
        } else {
            b.size = sizeof(object);
            b.is_object = true;
            b.p =
                h_.try_allocate(sizeof(object), alignof(object)); // what new_object does, and may be refused
            if (b.p != nullptr) ::new (b.p) object;
        }
        if (b.p == nullptr) return; // a source may be exhausted
        if (!cenote::detail::is_aligned(b.p, b.alignment != 0 ? b.alignment : b.is_object ? 1 : 16)) ++wrong;
        fill(b);
        mine_.push_back(b);
    }
    void reallocate() {
        if (mine_.empty()) return;
        block& b = any_of_mine();
        if (b.is_object) return;
        const std::size_t size = random_() % 2 == 0 ? any_size() : b.size + b.size / 4;
        void* const p =
            b.alignment == 0 ? h_.try_reallocate(b.p, size) : h_.try_reallocate(b.p, size, b.alignment);
        if (p == nullptr) return;
        if (!holds(p, std::min(size, b.size), b.stamp)) ++wrong;
        b = {p, size, b.alignment, b.stamp, false};
        fill(b);
    }
    void hand_over() {
        if (mine_.empty()) return;
        block& b = any_of_mine();
        b = travellers_.swap(random_(), b);
        if (b.p == nullptr) {
            b = mine_.back();
            mine_.pop_back();
        }
    }
    void free_one() {
        block& b = any_of_mine();
        free(b);
        b = mine_.back();
        mine_.pop_back();
    }
    block& any_of_mine() { return mine_[random_() % mine_.size()]; }

    heap& h_;
    exchange& travellers_;
    std::mt19937_64 random_;
    std::vector<block> mine_;
};

void mix(heap& h, unsigned threads, std::uint64_t seed) {
    exchange travellers;
    std::atomic<std::size_t> wrong{0};
    on_threads(threads, [&](unsigned t) {
        random_user user{h, travellers, seed + t};
        user.run(operations() / threads);
        wrong.fetch_add(user.wrong);
    });
    random_user last{h, travellers, seed};
    for (std::size_t i = 0; i != exchange::places; ++i)
        last.free(travellers.swap(i, {}));
    EXPECT_EQ(wrong.load() + last.wrong, 0U) << "somebody else wrote to a live block";
    EXPECT_TRUE(h.valid());
}

TEST(heap_at_random, of_the_process_keeps_every_block_with_4_threads) {
    const std::size_t live = heap::process().stats().live;
    mix(heap::process(), 4, 1000);
    EXPECT_EQ(heap::process().stats().live, live);
}

TEST(heap_at_random, of_its_own_keeps_every_block_with_1_and_16_threads) {
    heap h;
    mix(h, 1, 2000);
    mix(h, 16, 3000);
    EXPECT_EQ(h.stats().live, 0U);
    EXPECT_EQ(h.stats().caches, 1U);
    h.trim();
    EXPECT_EQ(h.stats().held, 0U);
}

TEST(heap_at_random, with_a_decay_that_always_ends_gives_back_under_way) {
    heap h{{.decay = 1}};
    mix(h, 4, 4000);
    EXPECT_EQ(h.stats().live, 0U);
    h.trim();
    EXPECT_EQ(h.stats().held, 0U);
}

TEST(heap_at_random, on_a_counting_source_gives_everything_back) {
    cenote::counting_source<cenote::vm_source> source;
    {
        heap h{{.source = source}};
        mix(h, 4, 5000);
        EXPECT_EQ(h.stats().live, 0U);
        EXPECT_EQ(source.bytes(), h.stats().held);
    }
    EXPECT_GT(source.calls(), 0U);
    EXPECT_EQ(source.bytes(), 0U);
}

// Refusals come at any moment.
TEST(heap_at_random, in_a_buffer_and_under_a_limit_survives_refusals) {
    const std::size_t bytes = 48_MiB;
    void* const memory = cenote::vm::reserve(bytes, 4_MiB);
    {
        cenote::buffer_source buffer{memory, bytes};
        heap h{{.source = buffer}};
        mix(h, 4, 6000);
        EXPECT_EQ(h.stats().live, 0U);
    }
    cenote::vm::release(memory, bytes);
    heap limited{{.limit = 40_MiB}};
    mix(limited, 4, 7000);
    EXPECT_EQ(limited.stats().live, 0U);
    EXPECT_LE(limited.stats().most_held, 40_MiB);
}

} // namespace
} // namespace cenote_test
