// What the hardened build promises beyond reports: what was freed cannot be read again, and what is handed out next is no
// one's to guess.
#include "override/hidden.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <set>
#include <vector>

namespace cenote_test {
namespace {

constexpr std::size_t small_sizes[] = {16, 40, 64, 200, 1000, 4000};

bool holds_secret(const void* p, std::size_t size) {
    const auto* const bytes = static_cast<const volatile unsigned char*>(hidden(p));
    for (std::size_t i = 0; i != size; ++i)
        if (bytes[i] != 0xA7) return false;
    return true;
}

TEST(hardened, contents_are_gone_once_freed) {
    for (const std::size_t size : small_sizes) {
        void* const p = std::malloc(hidden(size));
        std::memset(p, 0xA7, size);
        ASSERT_TRUE(holds_secret(p, size));
        std::free(hidden(p));
        EXPECT_FALSE(holds_secret(p, size)) << size;
    }
}

TEST(hardened, a_new_block_does_not_hold_what_another_left) {
    for (const std::size_t size : small_sizes) {
        std::vector<void*> all(3000);
        for (int round = 0; round != 3; ++round) {
            for (void*& p : all) {
                p = std::malloc(hidden(size));
                ASSERT_FALSE(holds_secret(p, size)) << size;
            }
            for (void* const p : all) {
                std::memset(p, 0xA7, size);
                std::free(p);
            }
        }
    }
}

TEST(hardened, what_was_freed_last_is_not_handed_out_next) {
    for (const std::size_t size : small_sizes) {
        int same = 0;
        for (int i = 0; i != 200; ++i) {
            void* const p = std::malloc(hidden(size));
            const auto was = reinterpret_cast<std::uintptr_t>(p);
            std::free(p);
            void* const q = std::malloc(hidden(size));
            if (reinterpret_cast<std::uintptr_t>(q) == was) ++same;
            std::free(q);
        }
        EXPECT_LT(same, 20) << "of 200, blocks of " << size;
    }
}

TEST(hardened, blocks_come_in_no_fixed_order) {
    for (const std::size_t size : small_sizes) {
        // How far a block is from the one before: always the same where blocks come in the order of their addresses.
        std::set<std::intptr_t> distances;
        std::vector<void*> all;
        for (int i = 0; i != 300; ++i) {
            all.push_back(std::malloc(hidden(size)));
            if (i != 0)
                distances.insert(reinterpret_cast<std::intptr_t>(all.back()) -
                                 reinterpret_cast<std::intptr_t>(all[all.size() - 2]));
        }
        for (void* const p : all)
            std::free(p);
        EXPECT_GT(distances.size(), 50U) << size;
    }
}

} // namespace
} // namespace cenote_test
