#include "store/deadline_ring.hpp"

#include <array>
#include <gtest/gtest.h>
#include <set>

namespace packet_server {

TEST(DeadlineRing, NextGoesRoundThroughAll) {
    deadline_ring ring;
    EXPECT_EQ(ring.next(), nullptr);
    std::array<deadline, 5> all{};
    for (deadline& each : all)
        ring.insert(&each);
    EXPECT_EQ(ring.size(), 5U);
    for (int round = 0; round < 3; ++round) {
        std::set<deadline*> seen;
        for (std::size_t i = 0; i < all.size(); ++i)
            seen.insert(ring.next());
        EXPECT_EQ(seen.size(), all.size());
    }
}

TEST(DeadlineRing, RemovingInAnyOrderKeepsTheOthers) {
    for (std::size_t first = 0; first < 3; ++first) {
        for (std::size_t second = 0; second < 3; ++second) {
            if (first == second) continue;
            deadline_ring ring;
            std::array<deadline, 3> all{};
            for (deadline& each : all)
                ring.insert(&each);
            ring.next();
            ring.remove(&all[first]);
            ring.remove(&all[second]);
            EXPECT_EQ(ring.size(), 1U);
            EXPECT_EQ(ring.next(), &all[3 - first - second]);
            EXPECT_EQ(ring.next(), &all[3 - first - second]);
            ring.remove(&all[3 - first - second]);
            EXPECT_EQ(ring.next(), nullptr);
        }
    }
}

} // namespace packet_server
