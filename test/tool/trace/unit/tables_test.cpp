// The tables of the recorder and of readers, against the standard library's.
#include "tool/record/address_map.hpp"
#include "tool/trace/object_table.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace cenote::tool {
namespace {

TEST(address_map, agrees_with_a_map) {
    std::mt19937_64 random(1);
    std::map<std::uint64_t, std::uint64_t> model;
    address_map map;
    EXPECT_EQ(map.take(16), 0U);
    for (std::uint64_t i = 1; i != 200'000; ++i) {
        // Few addresses, near each other: long rows of neighbours in the table.
        const std::uint64_t address = 16 + random() % 6'000 * 16;
        const auto found = model.find(address);
        if (random() % 2 == 0) {
            EXPECT_EQ(map.put(address, i), found == model.end() ? 0 : found->second);
            model[address] = i;
        } else {
            EXPECT_EQ(map.take(address), found == model.end() ? 0 : found->second);
            if (found != model.end()) model.erase(found);
        }
        ASSERT_EQ(map.size(), model.size());
    }
    for (const auto& [address, object] : model)
        EXPECT_EQ(map.take(address), object);
    map.put(16, 1);
    map.clear();
    EXPECT_EQ(map.take(16), 0U);
    EXPECT_EQ(map.size(), 0U);
}

TEST(object_table, agrees_with_a_map) {
    std::mt19937_64 random(1);
    std::map<std::uint64_t, int> model;
    object_table<int> table;
    std::uint64_t objects = 0;
    for (int i = 0; i != 200'000; ++i) {
        if (random() % 2 == 0 || model.empty()) {
            table.add(++objects, i);
            model[objects] = i;
        } else {
            auto which = model.lower_bound(random() % (objects + 1));
            if (which == model.end()) which = model.begin();
            ASSERT_NE(table.find(which->first), nullptr);
            EXPECT_EQ(*table.find(which->first), which->second);
            EXPECT_TRUE(table.remove(which->first));
            EXPECT_FALSE(table.remove(which->first));
            EXPECT_EQ(table.find(which->first), nullptr);
            model.erase(which);
        }
        ASSERT_EQ(table.live(), model.size());
    }
    std::vector<std::pair<std::uint64_t, int>> all;
    table.for_each([&](std::uint64_t object, int value) { all.emplace_back(object, value); });
    EXPECT_EQ(all, (std::vector<std::pair<std::uint64_t, int>>(model.begin(), model.end())));

    table.clear();
    EXPECT_EQ(table.live(), 0U);
    EXPECT_EQ(table.find(objects), nullptr);
    EXPECT_FALSE(table.remove(~std::uint64_t{0}));
}

} // namespace
} // namespace cenote::tool
