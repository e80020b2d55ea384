#include "store/store.hpp"

#include "policies.hpp"
#include "store/multi_set.hpp"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <string>

namespace packet_server {
namespace {

template <class Policy>
class Store : public testing::Test {
protected:
    std::string value(std::string_view key) {
        const entry* const found = data.find(key);
        return found == nullptr ? "(none)" : std::string(found->value());
    }
    std::size_t live(object_kind kind) const { return counts.tally(kind).live(); }
    std::size_t live() const {
        return live(object_kind::entry) + live(object_kind::deadline) + live(object_kind::data);
    }

    meter counts{0, 0};
    byte_budget budget;
    store<Policy> data{counts, budget, 42};
};
TYPED_TEST_SUITE(Store, policies);

TYPED_TEST(Store, SetsReplacesAndErases) {
    EXPECT_TRUE(this->data.set("k", "one"));
    EXPECT_EQ(this->value("k"), "one");
    EXPECT_TRUE(this->data.set("k", "a longer one"));
    EXPECT_EQ(this->value("k"), "a longer one");
    EXPECT_EQ(this->data.size(), 1U);
    this->data.erase(this->data.find("k"));
    EXPECT_EQ(this->value("k"), "(none)");
    EXPECT_EQ(this->live(), 0U);
}

TYPED_TEST(Store, EmptyKeysAndValuesTakeNoBuffers) {
    EXPECT_TRUE(this->data.set("", ""));
    EXPECT_EQ(this->value(""), "");
    EXPECT_EQ(this->live(object_kind::data), 0U);
    EXPECT_TRUE(this->data.set("", "x"));
    EXPECT_EQ(this->value(""), "x");
}

TYPED_TEST(Store, KeysOfAnyLengthAreTheirOwn) {
    for (std::size_t size = 0; size < 100; ++size)
        ASSERT_TRUE(this->data.set(std::string(size, 'k'), std::to_string(size)));
    for (std::size_t size = 0; size < 100; ++size)
        EXPECT_EQ(this->value(std::string(size, 'k')), std::to_string(size));
    EXPECT_EQ(this->live(object_kind::data), 100U + 100U - entry::longest_short_key - 1 + 1)
        << "values, long keys, slots";
    this->data.clear();
    EXPECT_EQ(this->live(), 0U);
}

TYPED_TEST(Store, AppendKeepsWhatWasThere) {
    std::string expected;
    ASSERT_TRUE(this->data.set("k", ""));
    for (int i = 0; i < 3000; ++i) {
        const std::string more(static_cast<std::size_t>(i % 17), static_cast<char>('a' + i % 26));
        ASSERT_TRUE(this->data.append(this->data.find("k"), more));
        expected += more;
        ASSERT_EQ(this->data.find("k")->value(), expected);
    }
    this->data.clear();
    EXPECT_EQ(this->live(), 0U);
    EXPECT_EQ(this->budget.used(), 0U);
}

TYPED_TEST(Store, KeysExpireWhenAskedFor) {
    this->data.now(1000);
    EXPECT_TRUE(this->data.set("k", "v", 1500));
    EXPECT_EQ(this->data.expiring(), 1U);
    this->data.now(1499);
    EXPECT_EQ(this->value("k"), "v");
    this->data.now(1500);
    EXPECT_EQ(this->value("k"), "(none)");
    EXPECT_EQ(this->data.expired(), 1U);
    EXPECT_EQ(this->live(), 0U);
}

TYPED_TEST(Store, SettingAgainDropsTheDeadlineAndPersistDoes) {
    EXPECT_TRUE(this->data.set("k", "v", 500));
    EXPECT_TRUE(this->data.set("k", "w"));
    EXPECT_EQ(this->data.expiring(), 0U);
    EXPECT_TRUE(this->data.expire_at(this->data.find("k"), 700));
    EXPECT_TRUE(this->data.persist(this->data.find("k")));
    EXPECT_FALSE(this->data.persist(this->data.find("k")));
    this->data.now(10'000);
    EXPECT_EQ(this->value("k"), "w");
}

TYPED_TEST(Store, ExpiresBeyondWhatIsAskedFor) {
    for (int i = 0; i < 1000; ++i)
        ASSERT_TRUE(this->data.set(std::to_string(i), "v", i % 4 == 0 ? 1'000'000 : 10));
    this->data.now(20);
    for (int tick = 0; tick < 200 && this->data.size() > 250; ++tick)
        this->data.expire_some();
    EXPECT_EQ(this->data.size(), 250U);
    EXPECT_EQ(this->data.expired(), 750U);
}

TYPED_TEST(Store, AgreesWithAModel) {
    std::map<std::string, std::string> model;
    std::mt19937 random(3);
    for (int i = 0; i < 50'000; ++i) {
        const std::size_t number = random() % 2000;
        const std::string key = std::to_string(number) + std::string(number % 60, 'k');
        switch (random() % 4) {
        case 0:
            if (entry* const there = this->data.find(key)) this->data.erase(there);
            model.erase(key);
            break;
        case 1:
            if (entry* const there = this->data.find(key)) {
                ASSERT_TRUE(this->data.append(there, "+more"));
                model[key] += "+more";
            }
            break;
        default:
            const std::string value(random() % 700, 'x');
            ASSERT_TRUE(this->data.set(key, value));
            model[key] = value;
        }
    }
    ASSERT_EQ(this->data.size(), model.size());
    for (const auto& [key, value] : model)
        ASSERT_EQ(this->value(key), value);
    this->data.clear();
    EXPECT_EQ(this->live(), 0U);
    EXPECT_EQ(this->budget.used(), 0U) << "clear gives everything back";
}

TYPED_TEST(Store, MultiSetSetsAllAndTheLastOfEqualKeysWins) {
    ASSERT_TRUE(this->data.set("b", "old", 100));
    {
        test_buffers<TypeParam> scratch;
        multi_set<TypeParam> pairs(this->data, scratch.buffers, 4);
        EXPECT_TRUE(pairs.add("a", "1"));
        EXPECT_TRUE(pairs.add("b", "2"));
        EXPECT_TRUE(pairs.add("a", "3"));
        EXPECT_TRUE(pairs.add("c", ""));
        EXPECT_EQ(this->value("a"), "(none)") << "not before commit";
        pairs.commit();
    }
    EXPECT_EQ(this->value("a"), "3");
    EXPECT_EQ(this->value("b"), "2");
    EXPECT_EQ(this->value("c"), "");
    EXPECT_EQ(this->data.expiring(), 0U);
    EXPECT_EQ(this->data.size(), 3U);
    this->data.clear();
    EXPECT_EQ(this->live(), 0U);
}

TYPED_TEST(Store, MultiSetThatIsNotCommittedLeavesNothing) {
    test_buffers<TypeParam> scratch;
    {
        multi_set<TypeParam> pairs(this->data, scratch.buffers, 2);
        EXPECT_TRUE(pairs.add("a", "1"));
    }
    EXPECT_EQ(this->data.size(), 0U);
    EXPECT_EQ(this->live(), 0U);
}

// Refuses the first, second, third, ... allocation of an operation until it succeeds, and checks each time
// that the store is as it was.
template <class Policy, class Operation>
void check_every_failure(Operation operation) {
    for (std::uint32_t failing = 1; failing < 100; ++failing) {
        meter counts(0, 0);
        byte_budget budget;
        store<Policy> data(counts, budget, 42);
        ASSERT_TRUE(data.set("there", "before"));
        const std::uint64_t live_before = counts.tally(object_kind::data).live();

        meter scratch_counts(0, 0);
        byte_budget scratch_budget;
        own_buffer_memory<Policy> scratch(scratch_counts, object_kind::io, scratch_budget);
        counts.fail_at(failing, true);
        const bool done = operation(data, scratch);
        counts.fail_at(0);
        if (done) return;
        EXPECT_EQ(data.size(), 1U);
        ASSERT_NE(data.find("there"), nullptr);
        EXPECT_EQ(data.find("there")->value(), "before");
        EXPECT_EQ(data.expiring(), 0U);
        EXPECT_EQ(counts.tally(object_kind::data).live(), live_before);
        EXPECT_EQ(counts.tally(object_kind::entry).live(), 1U);
        EXPECT_EQ(counts.tally(object_kind::deadline).live(), 0U);
    }
    FAIL() << "never succeeded";
}

template <class Policy>
class StoreWithoutMemory : public testing::Test {};
TYPED_TEST_SUITE(StoreWithoutMemory, policies);

TYPED_TEST(StoreWithoutMemory, FailureAnywhereChangesNothing) {
    const std::string long_key(100, 'k');
    check_every_failure<TypeParam>([](auto& data, auto&) { return data.set("new", "value", 1000); });
    check_every_failure<TypeParam>([&](auto& data, auto&) { return data.set(long_key, "value", 1000); });
    check_every_failure<TypeParam>([](auto& data, auto&) { return data.set("there", "after", 1000); });
    check_every_failure<TypeParam>(
        [](auto& data, auto&) { return data.append(data.find("there"), std::string(500, 'x')); });
    check_every_failure<TypeParam>(
        [](auto& data, auto&) { return data.expire_at(data.find("there"), 1000); });
    check_every_failure<TypeParam>([](auto& data, auto& scratch) {
        multi_set<TypeParam> pairs(data, scratch, 3);
        if (!pairs.add("x", "1") || !pairs.add("there", "2") || !pairs.add("y", "3")) return false;
        pairs.commit();
        return true;
    });
}

TYPED_TEST(StoreWithoutMemory, ALimitRefusesAndServesAgain) {
    meter counts(0, 0);
    byte_budget budget(1 << 20);
    store<TypeParam> data(counts, budget, 1);
    const std::string value(100, 'x');
    int stored = 0;
    while (data.set(std::to_string(stored), value))
        ASSERT_LT(++stored, 1'000'000);
    EXPECT_GT(stored, 1000);
    EXPECT_LE(budget.used(), budget.limit());
    EXPECT_EQ(data.size(), static_cast<std::size_t>(stored));
    data.clear();
    EXPECT_TRUE(data.set("k", value));
    // What small values took, large ones get as well: empty slabs go back.
    data.clear();
    int large = 0;
    while (data.set(std::to_string(large), std::string(4000, 'x')))
        ASSERT_LT(++large, 1'000'000);
    EXPECT_GT(large, 100);
}

} // namespace
} // namespace packet_server
