#include "cenote/source/any_source.hpp"

#include "unit/support/ledger.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <optional>

namespace cenote_test {
namespace {

using cenote::any_source;

static_assert(cenote::decommitting_source<any_source>);

TEST(any_source, passes_all_calls_to_the_source) {
    ledger books;
    decommitting_ledger_source source{books};
    any_source any{source};
    void* const p = any.allocate(8192, 4096);
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(books.out().at(p).bytes, 8192U);
    EXPECT_EQ(books.out().at(p).alignment, 4096U);
    EXPECT_EQ(any.decommit(p, 4096), 4096U);
    EXPECT_EQ(books.decommitted(), 4096U);
    any.deallocate(p, 8192, 4096);
    EXPECT_TRUE(books.out().empty());
}

TEST(any_source, is_refused_when_the_source_is) {
    ledger books;
    ledger_source source{books};
    any_source any{source};
    books.refuse_next_calls();
    EXPECT_EQ(any.allocate(64, 64), nullptr);
}

TEST(any_source, decommits_nothing_where_the_source_cannot) {
    ledger books;
    ledger_source source{books};
    any_source any{source};
    void* const p = any.allocate(4096, 4096);
    EXPECT_EQ(any.decommit(p, 4096), 0U);
    any.deallocate(p, 4096, 4096);
}

// A copy of whatever constness refers to the source, not to what it was copied from.
TEST(any_source, copies_outlive_what_they_were_copied_from) {
    ledger books;
    ledger_source source{books};
    auto original = std::make_unique<any_source>(source);
    any_source copy{*original};
    std::optional<any_source> held;
    held = *original;
    original.reset();
    for (any_source* any : {&copy, &*held}) {
        void* const p = any->allocate(128, 64);
        EXPECT_EQ(books.out().count(p), 1U);
        any->deallocate(p, 128, 64);
    }
}

} // namespace
} // namespace cenote_test
