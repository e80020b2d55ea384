// Every block that is handed out belongs to one owner: who gets it claims it in a flag that lies in the block, writes a
// stamp over the rest, and finds both as they were when giving it back, possibly on another thread.
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace cenote_test {
namespace {

struct owned {
    explicit owned(std::uint64_t by) noexcept { stamps.fill(by); }
    bool holds(std::uint64_t by) const noexcept {
        for (const std::uint64_t s : stamps)
            if (s != by) return false;
        return true;
    }
    std::array<std::uint64_t, 7> stamps;
};

// Objects on their way from one thread to any other.
class exchange {
public:
    struct parcel {
        owned* object = nullptr;
        std::uint64_t stamp = 0;
    };
    // Puts one in and takes out what was there.
    parcel swap(std::size_t place, parcel in) noexcept {
        slot& s = slots_[place % slots_.size()];
        while (s.busy.test_and_set(std::memory_order_acquire))
            std::this_thread::yield();
        std::swap(s.held, in);
        s.busy.clear(std::memory_order_release);
        return in;
    }

private:
    struct slot {
        std::atomic_flag busy;
        parcel held;
    };
    std::array<slot, 256> slots_;
};

template <class Pools>
class stamp_and_check : public ::testing::Test {
protected:
    static constexpr std::size_t operations = 400'000; // by all threads together

    void run(unsigned threads) {
        typename Pools::template pool<owned> pool;
        exchange travellers;
        std::atomic<std::size_t> wrong{0};
        std::atomic<std::uint64_t> next_stamp{1};
        on_threads(threads, [&](unsigned t) {
            std::mt19937_64 random{t};
            std::vector<exchange::parcel> mine;
            for (std::size_t i = 0; i != operations / threads; ++i) {
                const std::uint64_t dice = random();
                if (mine.size() < 200 && (dice & 1) != 0) {
                    const std::uint64_t stamp = next_stamp.fetch_add(1, std::memory_order_relaxed);
                    mine.push_back({pool.create(stamp), stamp});
                } else if (!mine.empty()) {
                    std::swap(mine[(dice >> 8) % mine.size()], mine.back());
                    if ((dice & 6) == 0) mine.back() = travellers.swap(dice >> 16, mine.back());
                    const exchange::parcel p = mine.back();
                    mine.pop_back();
                    if (p.object == nullptr) continue;
                    if (!p.object->holds(p.stamp)) wrong.fetch_add(1, std::memory_order_relaxed);
                    p.object->stamps.fill(0);
                    pool.destroy(p.object);
                }
            }
            for (const exchange::parcel& p : mine) {
                if (p.object == nullptr) continue;
                if (!p.object->holds(p.stamp)) wrong.fetch_add(1, std::memory_order_relaxed);
                pool.destroy(p.object);
            }
        });
        for (std::size_t i = 0; i != 256; ++i) {
            const exchange::parcel p = travellers.swap(i, {});
            if (p.object == nullptr) continue;
            EXPECT_TRUE(p.object->holds(p.stamp));
            pool.destroy(p.object);
        }
        EXPECT_EQ(wrong.load(), 0U);
        EXPECT_EQ(pool.live(), 0U);
        EXPECT_TRUE(pool.valid());
    }
};
struct by_stress;
struct static_cached_pools {
    template <class T>
    using pool = cenote::static_cached_pool<T, by_stress>;
};
using stamped_pools = ::testing::Types<locked_pools, lockfree_pools, cached_pools, static_cached_pools>;
TYPED_TEST_SUITE(stamp_and_check, stamped_pools);

TYPED_TEST(stamp_and_check, with_2_threads) { this->run(2); }
TYPED_TEST(stamp_and_check, with_4_threads) { this->run(4); }
TYPED_TEST(stamp_and_check, with_16_threads) { this->run(16); }
TYPED_TEST(stamp_and_check, with_64_threads) { this->run(64); }

// What may be asked by any thread at any time: a live object of one's own is found alive, whatever the others do.
TYPED_TEST(stamp_and_check, questions_are_answered_while_others_create_and_destroy) {
    typename TypeParam::template pool<owned> pool;
    std::atomic<std::size_t> wrong{0};
    on_threads(4, [&](unsigned t) {
        std::vector<owned*> mine(600);
        for (int round = 0; round != 100; ++round) {
            pool.create_n(mine, std::uint64_t{t});
            for (std::size_t i = 0; i < mine.size(); i += 150)
                if (!pool.is_live(mine[i]) || !pool.contains(mine[i])) wrong.fetch_add(1);
            const cenote::pool_stats now = pool.stats();
            if (pool.capacity() < mine.size() || now.live > now.capacity) wrong.fetch_add(1);
            pool.preheat(10);
            pool.destroy_n(mine);
        }
    });
    EXPECT_EQ(wrong.load(), 0U);
    EXPECT_EQ(pool.live(), 0U);
    EXPECT_TRUE(pool.valid());
}

template <class Pools>
class growth_of_shared_pools : public ::testing::Test {};
TYPED_TEST_SUITE(growth_of_shared_pools, shared_pools);

TYPED_TEST(growth_of_shared_pools, happens_once_however_many_wait) {
    using counting = cenote::counting_source<cenote::vm_source>;
    typename TypeParam::template pool<owned, 0, counting> pool;
    std::atomic<unsigned> ready{0};
    std::array<owned*, 16> got{};
    on_threads(16, [&](unsigned t) {
        ready.fetch_add(1);
        while (ready.load() != 16)
            std::this_thread::yield();
        got[t] = pool.create(t);
    });
    EXPECT_EQ(pool.source().pieces(), 1U);
    for (std::uint64_t t = 0; t != 16; ++t) {
        EXPECT_TRUE(got[t]->holds(t));
        pool.destroy(got[t]);
    }
}

} // namespace
} // namespace cenote_test
