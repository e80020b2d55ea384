// One thread creates and another destroys: memory is bounded by what is alive and one magazine a thread, however long it
// goes on.
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace cenote_test {
namespace {

using object = std::array<std::uint64_t, 8>;

constexpr std::size_t operations = 1'000'000;

// From one thread to one other.
class ring {
public:
    static constexpr std::size_t size = 1024;
    void send(object* p) noexcept {
        const std::size_t at = sent_.load(std::memory_order_relaxed);
        while (at - received_.load(std::memory_order_acquire) == size)
            std::this_thread::yield();
        slots_[at % size] = p;
        sent_.store(at + 1, std::memory_order_release);
    }
    object* receive() noexcept {
        const std::size_t at = received_.load(std::memory_order_relaxed);
        while (sent_.load(std::memory_order_acquire) == at)
            std::this_thread::yield();
        object* const p = slots_[at % size];
        received_.store(at + 1, std::memory_order_release);
        return p;
    }

private:
    std::array<object*, size> slots_{};
    alignas(64) std::atomic<std::size_t> sent_{0};
    alignas(64) std::atomic<std::size_t> received_{0};
};

template <class Pools>
class bounded_memory : public ::testing::Test {};
TYPED_TEST_SUITE(bounded_memory, shared_pools);

TYPED_TEST(bounded_memory, of_a_producer_and_a_consumer) {
    typename TypeParam::template pool<object> pool;
    ring between;
    on_threads(2, [&](unsigned t) {
        for (std::size_t i = 0; i != operations; ++i) {
            if (t == 0) {
                between.send(pool.create());
            } else {
                pool.destroy(between.receive());
            }
        }
    });
    EXPECT_EQ(pool.live(), 0U);
    // The ring's blocks and a magazine a thread, in slabs of 64 KiB that were never more: blocks come from the lowest. One
    // slab more, as not every one need be full.
    const cenote::pool_stats after = pool.stats();
    const std::size_t in_a_slab = (64U << 10) / after.block_size;
    EXPECT_LE(after.slabs, (ring::size + 2 * 1024) / in_a_slab + 2);
    EXPECT_LE(after.segments, 2U);
}

} // namespace
} // namespace cenote_test
