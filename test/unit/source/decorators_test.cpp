#include "cenote/source/decorators.hpp"

#include "cenote/source/buffer_source.hpp"
#include "cenote/source/vm_source.hpp"
#include "unit/support/ledger.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <limits>
#include <type_traits>

namespace cenote_test {
namespace {

using cenote::bounded_source;
using cenote::buffer_source;
using cenote::counting_source;
using cenote::decommitting_source;
using cenote::failing_source;
using cenote::limiting_source;
using cenote::vm_source;

constexpr std::size_t largest_request = std::numeric_limits<std::size_t>::max();

TEST(decorators, are_default_constructible_where_their_upstream_is) {
    static_assert(std::is_default_constructible_v<counting_source<vm_source>>);
    static_assert(!std::is_default_constructible_v<counting_source<cenote::source_ref<vm_source>>>);
    static_assert(!std::is_default_constructible_v<failing_source<buffer_source>>);
    vm_source vm;
    counting_source<cenote::source_ref<vm_source>> counting{vm};
    void* const p = counting.allocate(1, 1);
    EXPECT_EQ(counting.pieces(), 1U);
    counting.deallocate(p, 1, 1);
}

TEST(decorators, keep_what_their_upstream_can_and_add_nothing) {
    static_assert(decommitting_source<counting_source<vm_source>> &&
                  !bounded_source<counting_source<vm_source>>);
    static_assert(decommitting_source<limiting_source<vm_source>> &&
                  !bounded_source<limiting_source<vm_source>>);
    static_assert(decommitting_source<failing_source<vm_source>> &&
                  !bounded_source<failing_source<vm_source>>);
    static_assert(!decommitting_source<counting_source<buffer_source>> &&
                  bounded_source<counting_source<buffer_source>>);
    static_assert(!decommitting_source<limiting_source<buffer_source>> &&
                  bounded_source<limiting_source<buffer_source>>);
    static_assert(!decommitting_source<failing_source<buffer_source>> &&
                  bounded_source<failing_source<buffer_source>>);
}

TEST(decorators, pass_decommit_and_largest_on) {
    ledger books;
    counting_source<decommitting_ledger_source> counted{decommitting_ledger_source{books}};
    void* const p = counted.allocate(100, 16);
    EXPECT_EQ(counted.decommit(p, 50), 50U);
    EXPECT_EQ(books.decommitted(), 50U);
    counted.deallocate(p, 100, 16);

    alignas(16) std::array<std::byte, 128> buffer;
    const counting_source<buffer_source> bounded{buffer_source{buffer}};
    EXPECT_EQ(bounded.largest(16), 128U);
}

TEST(decorators, compose_in_any_order) {
    ledger books;
    using stack = counting_source<limiting_source<failing_source<ledger_source>>>;
    stack source{limiting_source<failing_source<ledger_source>>{
        100, failing_source<ledger_source>{1, false, ledger_source{books}}}};
    void* const first = source.allocate(60, 8);
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(source.allocate(40, 8), nullptr) << "the call that fails on purpose";
    EXPECT_EQ(source.allocate(41, 8), nullptr) << "beyond the limit";
    void* const second = source.allocate(40, 8);
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(source.calls(), 4U);
    EXPECT_EQ(source.failures(), 2U);
    EXPECT_EQ(source.upstream().bytes(), 100U);
    EXPECT_EQ(source.upstream().upstream().calls(), 3U) << "the limit refuses before the upstream is asked";
    source.deallocate(first, 60, 8);
    source.deallocate(second, 40, 8);
}

TEST(counting_source, counts_calls_pieces_and_bytes) {
    ledger books;
    counting_source<ledger_source> source{ledger_source{books}};
    void* const a = source.allocate(100, 8);
    void* const b = source.allocate(50, 8);
    EXPECT_EQ(source.calls(), 2U);
    EXPECT_EQ(source.pieces(), 2U);
    EXPECT_EQ(source.bytes(), 150U);
    source.deallocate(a, 100, 8);
    EXPECT_EQ(source.calls(), 2U);
    EXPECT_EQ(source.pieces(), 1U);
    EXPECT_EQ(source.bytes(), 50U);
    source.deallocate(b, 50, 8);
    EXPECT_EQ(source.bytes(), 0U);
}

TEST(counting_source, remembers_the_most_that_ever_was_out) {
    ledger books;
    counting_source<ledger_source> source{ledger_source{books}};
    void* p = source.allocate(100, 8);
    source.deallocate(p, 100, 8);
    p = source.allocate(60, 8);
    EXPECT_EQ(source.peak(), 100U);
    source.deallocate(p, 60, 8);
}

TEST(counting_source, counts_refused_calls_as_failures_and_nothing_else) {
    ledger books;
    books.refuse(0);
    counting_source<ledger_source> source{ledger_source{books}};
    EXPECT_EQ(source.allocate(100, 8), nullptr);
    EXPECT_EQ(source.calls(), 1U);
    EXPECT_EQ(source.failures(), 1U);
    EXPECT_EQ(source.pieces(), 0U);
    EXPECT_EQ(source.bytes(), 0U);
    EXPECT_EQ(source.peak(), 0U);
}

TEST(limiting_source, gives_up_to_its_limit_to_the_byte) {
    ledger books;
    limiting_source<ledger_source> source{100, ledger_source{books}};
    void* const a = source.allocate(99, 8);
    EXPECT_EQ(source.allocate(2, 1), nullptr);
    void* const b = source.allocate(1, 1);
    EXPECT_NE(b, nullptr);
    EXPECT_EQ(source.bytes(), source.limit());
    source.deallocate(a, 99, 8);
    source.deallocate(b, 1, 1);
}

TEST(limiting_source, gives_again_what_came_back) {
    ledger books;
    limiting_source<ledger_source> source{100, ledger_source{books}};
    for (int i = 0; i != 3; ++i) {
        void* const p = source.allocate(100, 8);
        ASSERT_NE(p, nullptr);
        source.deallocate(p, 100, 8);
    }
    EXPECT_EQ(source.bytes(), 0U);
}

TEST(limiting_source, does_not_count_what_its_upstream_refused) {
    ledger books;
    books.refuse(0, 1);
    limiting_source<ledger_source> source{100, ledger_source{books}};
    EXPECT_EQ(source.allocate(100, 8), nullptr);
    EXPECT_EQ(source.bytes(), 0U);
    void* const p = source.allocate(100, 8);
    EXPECT_NE(p, nullptr);
    source.deallocate(p, 100, 8);
}

TEST(limiting_source, is_not_fooled_by_sizes_that_would_overflow_a_sum) {
    ledger books;
    limiting_source<ledger_source> source{100, ledger_source{books}};
    void* const p = source.allocate(50, 8);
    EXPECT_EQ(source.allocate(largest_request, 1), nullptr);
    EXPECT_EQ(source.allocate(largest_request - 49, 1), nullptr);
    EXPECT_EQ(books.calls(), 1U);
    source.deallocate(p, 50, 8);
}

TEST(limiting_source, of_a_bounded_upstream_is_bounded_by_whichever_ends_first) {
    alignas(16) std::array<std::byte, 128> buffer;
    limiting_source<buffer_source> tight{100, buffer_source{buffer}};
    EXPECT_EQ(tight.largest(16), 100U);
    ASSERT_NE(tight.allocate(90, 1), nullptr);
    EXPECT_EQ(tight.largest(1), 10U);
    const limiting_source<buffer_source> loose{1000, buffer_source{buffer}};
    EXPECT_EQ(loose.largest(16), 128U);
}

TEST(failing_source, never_fails_unless_told_to) {
    ledger books;
    failing_source<ledger_source> source{failing_source<ledger_source>::never, true, ledger_source{books}};
    void* const p = source.allocate(10, 8);
    EXPECT_NE(p, nullptr);
    EXPECT_FALSE(source.has_failed());
    source.deallocate(p, 10, 8);
}

TEST(failing_source, fails_at_one_call_or_from_it_on) {
    ledger books;
    for (const bool for_good : {false, true}) {
        failing_source<ledger_source> source{1, for_good, ledger_source{books}};
        void* const first = source.allocate(10, 8);
        EXPECT_NE(first, nullptr);
        EXPECT_FALSE(source.has_failed());
        EXPECT_EQ(source.allocate(10, 8), nullptr);
        EXPECT_TRUE(source.has_failed());
        void* const third = source.allocate(10, 8);
        EXPECT_EQ(third == nullptr, for_good);
        EXPECT_EQ(source.calls(), 3U);
        source.deallocate(first, 10, 8);
        if (third != nullptr) source.deallocate(third, 10, 8);
    }
}

TEST(failing_source, fails_no_more_once_recovered_and_remembers_that_it_did) {
    ledger books;
    failing_source<ledger_source> source{0, true, ledger_source{books}};
    EXPECT_EQ(source.allocate(10, 8), nullptr);
    source.recover();
    void* const p = source.allocate(10, 8);
    EXPECT_NE(p, nullptr);
    EXPECT_TRUE(source.has_failed());
    source.deallocate(p, 10, 8);
}

TEST(failing_source, does_not_bother_its_upstream_with_a_call_that_fails) {
    ledger books;
    failing_source<ledger_source> source{0, true, ledger_source{books}};
    EXPECT_EQ(source.allocate(10, 8), nullptr);
    EXPECT_EQ(books.calls(), 0U);
}

} // namespace
} // namespace cenote_test
