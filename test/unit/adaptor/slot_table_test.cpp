#include "cenote/adaptor/slot_table.hpp"

#include "unit/support/ledger.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cenote_test {
namespace {

template <class Generation>
struct tables {
    ledger books;
    cenote::detail::slot_table<ledger_source, Generation> table{books};
    int object = 0;

    std::uint32_t take() {
        EXPECT_TRUE(table.reserve_one());
        const std::uint32_t number = table.next();
        table.take(&object);
        return number;
    }
};

TEST(slot_table, finds_what_was_filled_in_that_generation_alone) {
    tables<std::uint32_t> t;
    const std::uint32_t a = t.take();
    const std::uint32_t generation = t.table.generation(a);
    EXPECT_NE(generation, 0U);
    EXPECT_EQ(t.table.find(a, generation), &t.object);
    EXPECT_EQ(t.table.find(a, generation + 1), nullptr);
    EXPECT_EQ(t.table.find(a, 0), nullptr);
    EXPECT_EQ(t.table.find(a + 1, generation), nullptr);
    t.table.give(a);
    EXPECT_EQ(t.table.find(a, generation), nullptr);
    EXPECT_EQ(t.table.find(a, generation + 1), nullptr) << "forged: empty, in the generation to come";
    EXPECT_EQ(t.take(), a);
    EXPECT_EQ(t.table.find(a, generation), nullptr);
    EXPECT_EQ(t.table.find(a, generation + 1), &t.object);
}

TEST(slot_table, takes_no_memory_before_the_first_slot_and_doubles) {
    tables<std::uint32_t> t;
    EXPECT_EQ(t.books.calls(), 0U);
    EXPECT_EQ(t.table.find(0, 1), nullptr);
    for (std::uint32_t i = 0; i != 10000; ++i)
        ASSERT_EQ(t.take(), i);
    EXPECT_LE(t.books.calls(), 7U);
    EXPECT_EQ(t.books.bytes(), t.table.bytes());
    EXPECT_EQ(t.table.count(), 10000U);
    for (std::uint32_t i = 0; i != 10000; ++i)
        ASSERT_EQ(t.table.find(i, 1), &t.object);
}

TEST(slot_table, is_as_it_was_when_the_source_refuses) {
    tables<std::uint32_t> t;
    t.books.refuse_next_calls();
    EXPECT_FALSE(t.table.reserve_one());
    t.books.recover();
    for (int i = 0; i != 256; ++i)
        t.take();
    t.books.refuse_next_calls();
    EXPECT_FALSE(t.table.reserve_one());
    EXPECT_EQ(t.table.find(255, 1), &t.object);
    t.table.give(3);
    EXPECT_EQ(t.take(), 3U);
}

TEST(slot_table, retires_a_slot_whose_generations_are_used_up) {
    tables<std::uint8_t> t;
    for (unsigned generation = 1; generation != 256; ++generation) {
        ASSERT_EQ(t.take(), 0U);
        ASSERT_EQ(t.table.generation(0), generation);
        t.table.give(0);
    }
    EXPECT_EQ(t.table.retired(), 1U);
    EXPECT_EQ(t.take(), 1U) << "the next slot, in its first generation";
    EXPECT_EQ(t.table.generation(1), 1U);
    for (unsigned generation = 0; generation != 256; ++generation)
        EXPECT_EQ(t.table.find(0, static_cast<std::uint8_t>(generation)), nullptr);
}

TEST(slot_table, empties_all_at_once) {
    tables<std::uint32_t> t;
    for (int i = 0; i != 100; ++i)
        t.take();
    t.table.give(50);
    t.table.give_all();
    for (std::uint32_t i = 0; i != 100; ++i) {
        EXPECT_EQ(t.table.generation(i), 2U);
        EXPECT_EQ(t.table.find(i, 1), nullptr);
        EXPECT_EQ(t.table.find(i, 2), nullptr);
    }
    std::vector<bool> seen(100);
    for (int i = 0; i != 100; ++i)
        seen.at(t.take()) = true;
    EXPECT_EQ(seen, std::vector<bool>(100, true));
}

} // namespace
} // namespace cenote_test
