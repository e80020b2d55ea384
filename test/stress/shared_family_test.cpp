// One family, many threads, blocks of all sizes that carry their owner's stamp and are freed by whoever finds them.
#include "cenote/adaptor/pool_family.hpp"
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>

namespace cenote_test {
namespace {

struct passed {
    std::uint32_t bytes;
    std::uint32_t alignment;
    std::uint64_t stamp;
};

class shared_family : public ::testing::Test {
protected:
    // Room for the passed in front, then stamps.
    static passed* make(cenote::shared_pool_family& family, std::mt19937& random, std::uint64_t stamp) {
        const std::size_t most = random() % 64 == 0 ? 20000 : random() % 8 == 0 ? 2000 : 200;
        const auto bytes = static_cast<std::uint32_t>(sizeof(passed) + random() % most);
        const auto alignment = std::uint32_t{8} << random() % 4;
        auto* const p = ::new (family.allocate(bytes, alignment)) passed{bytes, alignment, stamp};
        std::memset(p + 1, static_cast<int>(stamp & 0xFF), bytes - sizeof(passed));
        return p;
    }
    static void check_and_free(cenote::shared_pool_family& family, passed* p) {
        ASSERT_TRUE(cenote::detail::is_aligned(p, p->alignment));
        const auto* const first = reinterpret_cast<const unsigned char*>(p + 1);
        for (std::size_t i = 0; i != p->bytes - sizeof(passed); ++i)
            ASSERT_EQ(first[i], p->stamp & 0xFF);
        family.deallocate(p, p->bytes, p->alignment);
    }
};

TEST_F(shared_family, gives_every_block_to_one_owner) {
    cenote::shared_pool_family family;
    std::array<std::atomic<passed*>, 512> exchange{};
    on_threads(4, [&](unsigned t) {
        std::mt19937 random{t};
        for (std::uint64_t i = 0; i != 60000; ++i) {
            passed* const mine = make(family, random, i * 4 + t);
            // Acquire and release: the block's contents go with it.
            if (passed* const theirs =
                    exchange[random() % exchange.size()].exchange(mine, std::memory_order_acq_rel))
                check_and_free(family, theirs);
            if (t == 0 && i % 5000 == 0) {
                family.trim();
                (void)family.stats();
            }
        }
    });
    for (std::atomic<passed*>& left : exchange)
        if (passed* const p = left.load()) check_and_free(family, p);
    EXPECT_EQ(family.stats().live, 0U);
    EXPECT_TRUE(family.valid());
}

// Each round has other classes first, so that pools are made while others are used.
TEST_F(shared_family, makes_its_pools_while_others_are_in_use) {
    for (unsigned round = 0; round != 30; ++round) {
        cenote::shared_pool_family family;
        on_threads(4, [&](unsigned t) {
            std::mt19937 random{round * 4 + t};
            std::array<passed*, 100> mine;
            for (passed*& p : mine)
                p = make(family, random, t);
            for (passed* const p : mine)
                check_and_free(family, p);
        });
        EXPECT_EQ(family.stats().live, 0U);
    }
}

} // namespace
} // namespace cenote_test
