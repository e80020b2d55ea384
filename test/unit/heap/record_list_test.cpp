#include "heap/record_list.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>

namespace cenote_test {
namespace {

struct record {
    std::uintptr_t base;
    std::uint64_t value;
};
using records = cenote::detail::record_list<record>;

TEST(record_list, is_empty_at_first_and_after_release) {
    records list;
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(list.size(), 0U);
    EXPECT_EQ(list.find(0), nullptr);
    ASSERT_TRUE(list.reserve_one());
    list.insert({16, 1});
    list.release_all();
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(list.find(16), nullptr);
    ASSERT_TRUE(list.reserve_one());
    EXPECT_EQ(list.insert({32, 2})->value, 2U);
    list.release_all();
}

TEST(record_list, finds_a_record_by_its_base_alone) {
    records list;
    for (const std::uintptr_t base : {30U, 10U, 20U}) {
        ASSERT_TRUE(list.reserve_one());
        list.insert({base, base + 1});
    }
    EXPECT_EQ(list.find(20)->value, 21U);
    for (const std::uintptr_t other : {0U, 9U, 11U, 19U, 21U, 31U})
        EXPECT_EQ(list.find(other), nullptr);
    list.release_all();
}

// Against std::map, past several doublings.
TEST(record_list, holds_what_a_map_holds_in_its_order) {
    records list;
    std::map<std::uintptr_t, std::uint64_t> model;
    std::mt19937_64 random{3};
    for (int i = 0; i != 20'000; ++i) {
        const std::uintptr_t base = random() % 3000;
        record* const found = list.find(base);
        ASSERT_EQ(found != nullptr, model.count(base) == 1);
        if (found != nullptr) {
            ASSERT_EQ(found->value, model[base]);
            list.remove(found);
            model.erase(base);
        } else if (random() % 4 != 0) {
            ASSERT_TRUE(list.reserve_one());
            ASSERT_EQ(list.insert({base, random() >> 8})->base, base);
            model[base] = list.find(base)->value;
        }
        ASSERT_EQ(list.size(), model.size());
    }
    auto expected = model.begin();
    for (const record& r : list) {
        EXPECT_EQ(r.base, expected->first);
        EXPECT_EQ(r.value, expected->second);
        ++expected;
    }
    list.release_all();
}

} // namespace
} // namespace cenote_test
