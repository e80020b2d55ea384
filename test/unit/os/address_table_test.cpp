#include "cenote/os/address_table.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <random>

namespace {

struct numbered {
    std::uintptr_t address = 0;
    int number = 0;
};
using table = cenote::detail::address_table<numbered, &numbered::address>;

// What the table must agree with.
void expect_same(const table& t, const std::map<std::uintptr_t, int>& model) {
    ASSERT_TRUE(t.valid());
    ASSERT_EQ(t.size(), model.size());
    for (const auto& [address, number] : model) {
        const numbered* const found = t.find(address);
        ASSERT_NE(found, nullptr);
        ASSERT_EQ(found->number, number);
    }
}

TEST(address_table, has_nothing_and_no_memory_at_first) {
    const table t;
    EXPECT_EQ(t.size(), 0U);
    EXPECT_EQ(t.begin(), t.end());
    EXPECT_EQ(t.find(4096), nullptr);
    EXPECT_TRUE(t.valid());
}

TEST(address_table, agrees_with_a_map_however_entries_come_and_go) {
    table t;
    std::map<std::uintptr_t, int> model;
    std::mt19937 random(1);
    for (int round = 0; round != 40'000; ++round) {
        // Few addresses, side by side, so that entries stand in each other's way.
        const std::uintptr_t address = (1 + random() % 700) * 8;
        if (numbered* const found = t.find(address)) {
            ASSERT_EQ(model.count(address), 1U);
            t.erase(found);
            model.erase(address);
        } else {
            ASSERT_EQ(model.count(address), 0U);
            ASSERT_TRUE(t.make_room(1));
            t.insert({address, round});
            model[address] = round;
        }
        if (round % 500 == 0) expect_same(t, model);
    }
    expect_same(t, model);
    t.release();
}

TEST(address_table, visits_each_entry_once) {
    table t;
    for (int i = 1; i != 1000; ++i) {
        ASSERT_TRUE(t.make_room(1));
        t.insert({static_cast<std::uintptr_t>(i) * 64, i});
    }
    int sum = 0;
    for (const numbered& each : t)
        sum += each.number;
    EXPECT_EQ(sum, 999 * 1000 / 2);
    t.release();
    EXPECT_EQ(t.size(), 0U);
    EXPECT_EQ(t.find(64), nullptr);
}

TEST(address_table, takes_what_another_has) {
    table from;
    ASSERT_TRUE(from.make_room(1));
    from.insert({64, 7});
    table to;
    to.take(from);
    EXPECT_EQ(from.size(), 0U);
    ASSERT_NE(to.find(64), nullptr);
    EXPECT_EQ(to.find(64)->number, 7);
    from.release();
    to.release();
}

} // namespace
