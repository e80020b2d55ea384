#include "heap/leak_list.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>

namespace cenote_test {
namespace {

using namespace cenote::detail;

class a_leak_list : public ::testing::Test {
protected:
    ~a_leak_list() override {
        EXPECT_TRUE(list.valid());
        list.release_all();
    }
    static const void* at(std::uintptr_t address) { return reinterpret_cast<const void*>(address); }
    std::map<std::uintptr_t, std::size_t> contents() const {
        std::map<std::uintptr_t, std::size_t> all;
        list.for_each([&](const leak_record& r) { EXPECT_TRUE(all.emplace(r.base, r.weight).second); });
        return all;
    }

    leak_list list;
};

TEST_F(a_leak_list, is_empty_at_first_and_may_be_asked) {
    list.remove(this);
    EXPECT_EQ(list.size(), 0U);
    EXPECT_TRUE(contents().empty());
}

TEST_F(a_leak_list, forgets_what_is_removed_and_nothing_else) {
    list.add({0x1000, 100, 200, 7});
    list.add({0x2000, 100, 300, 8});
    list.remove(at(0x3000));
    list.remove(at(0x1000));
    list.remove(at(0x1000));
    EXPECT_EQ(contents(), (std::map<std::uintptr_t, std::size_t>{{0x2000, 300}}));
}

// Grows, and addresses lie so that records are in each other's way.
TEST_F(a_leak_list, agrees_with_a_map_through_random_operations) {
    std::map<std::uintptr_t, std::size_t> model;
    std::mt19937 random{5};
    for (int i = 0; i != 60'000; ++i) {
        const std::uintptr_t base = 0x7f00'0000'0000 + random() % 8000 * (random() % 2 == 0 ? 16 : 4096);
        if (random() % 3 == 0 || model.count(base) != 0) {
            list.remove(at(base));
            model.erase(base);
        } else {
            list.add({base, 16, static_cast<std::size_t>(i), no_trace});
            model[base] = static_cast<std::size_t>(i);
        }
        if (i % 10'000 == 0) {
            ASSERT_TRUE(list.valid());
        }
    }
    EXPECT_GT(model.size(), 2000U);
    EXPECT_EQ(contents(), model);
    for (const auto& [base, weight] : model)
        list.remove(at(base));
    EXPECT_EQ(list.size(), 0U);
}

} // namespace
} // namespace cenote_test
