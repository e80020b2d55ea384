// Threads destroy what others created: memory is bounded by what is alive and one magazine a thread, however long it goes on.
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace cenote_test {
namespace {

using object = std::array<std::uint64_t, 8>;

// From one thread to one other.
class ring {
public:
    static constexpr std::size_t size = 1024;
    // False when it is full. The other thread's index is acquired: with it comes the slot.
    bool try_send(object* p) noexcept {
        const std::size_t at = sent_.load(std::memory_order_relaxed);
        if (at - received_.load(std::memory_order_acquire) == size) return false;
        slots_[at % size] = p;
        sent_.store(at + 1, std::memory_order_release);
        return true;
    }
    // nullptr when it is empty.
    object* try_receive() noexcept {
        const std::size_t at = received_.load(std::memory_order_relaxed);
        if (sent_.load(std::memory_order_acquire) == at) return nullptr;
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
class bounded_memory : public ::testing::Test {
protected:
    // Each of `threads` creates `count` objects and sends them where `sends(from, to)` says, in turn; whoever is sent
    // something destroys it.
    template <class Sends>
    void run(unsigned threads, std::size_t count, Sends sends) {
        typename Pools::template pool<object> pool;
        std::vector<ring> between(std::size_t{threads} * threads); // of each to each
        std::size_t rings = 0;
        for (unsigned from = 0; from != threads; ++from)
            for (unsigned to = 0; to != threads; ++to)
                rings += sends(from, to);
        std::atomic<unsigned> sending{threads};
        on_threads(threads, [&](unsigned t) {
            const auto receive_all = [&] {
                bool any = false;
                for (unsigned from = 0; from != threads; ++from)
                    while (object* const p = between[from * threads + t].try_receive()) {
                        pool.destroy(p);
                        any = true;
                    }
                if (!any) std::this_thread::yield();
            };
            bool sends_any = false;
            for (unsigned to = 0; to != threads; ++to)
                sends_any |= sends(t, to);
            for (std::size_t i = sends_any ? 0 : count; i != count;)
                for (unsigned to = 0; to != threads && i != count; ++to) {
                    if (!sends(t, to)) continue;
                    object* const p = pool.create();
                    while (!between[t * threads + to].try_send(p))
                        receive_all();
                    ++i;
                }
            // Release and acquire: whoever sees that nobody sends any more sees all that was sent.
            sending.fetch_sub(1, std::memory_order_release);
            while (sending.load(std::memory_order_acquire) != 0)
                receive_all();
            receive_all();
        });
        EXPECT_EQ(pool.live(), 0U);
        // The rings' blocks and a magazine a thread, in slabs of 64 KiB that were never more: blocks come from the lowest.
        // One slab more, as not every one need be full.
        const cenote::pool_stats after = pool.stats();
        const std::size_t in_a_slab = (64U << 10) / after.block_size;
        EXPECT_LE(after.slabs, (rings * ring::size + threads * 1024U) / in_a_slab + 2);
    }
};
TYPED_TEST_SUITE(bounded_memory, shared_pools);

TYPED_TEST(bounded_memory, of_a_producer_and_a_consumer) {
    this->run(2, 500'000, [](unsigned from, unsigned to) { return from == 0 && to == 1; });
}
TYPED_TEST(bounded_memory, of_a_ring) {
    this->run(4, 100'000, [](unsigned from, unsigned to) { return to == (from + 1) % 4; });
}
TYPED_TEST(bounded_memory, of_many_that_send_to_one) {
    this->run(8, 50'000, [](unsigned from, unsigned to) { return from != 0 && to == 0; });
}
TYPED_TEST(bounded_memory, of_all_that_send_to_all) {
    this->run(4, 100'000, [](unsigned, unsigned) { return true; });
}

} // namespace
} // namespace cenote_test
