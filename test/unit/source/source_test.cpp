// What counts as a source, and source_ref.
#include "cenote/source/source.hpp"

#include "cenote/source/buffer_source.hpp"
#include "cenote/source/vm_source.hpp"
#include "unit/support/ledger.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace cenote_test {
namespace {

using cenote::bounded_source;
using cenote::decommitting_source;
using cenote::memory_source;
using cenote::source_ref;

struct plain {
    void* allocate(std::size_t, std::size_t) noexcept;
    void deallocate(void*, std::size_t, std::size_t) noexcept;
};
struct throws_on_allocate {
    void* allocate(std::size_t, std::size_t);
    void deallocate(void*, std::size_t, std::size_t) noexcept;
};
struct throws_on_deallocate {
    void* allocate(std::size_t, std::size_t) noexcept;
    void deallocate(void*, std::size_t, std::size_t);
};
struct gives_bytes {
    std::byte* allocate(std::size_t, std::size_t) noexcept;
    void deallocate(void*, std::size_t, std::size_t) noexcept;
};
struct never_takes_back {
    void* allocate(std::size_t, std::size_t) noexcept;
};
struct decommits_without_saying_how_much : plain {
    void decommit(void*, std::size_t) noexcept;
};
struct bounded_but_not_const : plain {
    std::size_t largest(std::size_t) noexcept;
};

TEST(memory_source, is_a_pair_of_functions_that_never_throw) {
    static_assert(memory_source<plain>);
    static_assert(!memory_source<throws_on_allocate>);
    static_assert(!memory_source<throws_on_deallocate>);
    static_assert(!memory_source<gives_bytes>);
    static_assert(!memory_source<never_takes_back>);
    static_assert(!memory_source<int> && !memory_source<std::string>);
}

TEST(memory_source, may_decommit_and_may_be_bounded_but_only_exactly_so) {
    static_assert(!decommitting_source<plain> && !bounded_source<plain>);
    static_assert(memory_source<decommits_without_saying_how_much>);
    static_assert(!decommitting_source<decommits_without_saying_how_much>);
    static_assert(memory_source<bounded_but_not_const>);
    static_assert(!bounded_source<bounded_but_not_const>);
}

TEST(source_ref, is_what_it_refers_to_and_no_more) {
    static_assert(memory_source<source_ref<plain>>);
    static_assert(!decommitting_source<source_ref<plain>> && !bounded_source<source_ref<plain>>);
    static_assert(decommitting_source<source_ref<cenote::vm_source>> &&
                  !bounded_source<source_ref<cenote::vm_source>>);
    static_assert(bounded_source<source_ref<cenote::buffer_source>> &&
                  !decommitting_source<source_ref<cenote::buffer_source>>);
}

TEST(source_ref, passes_every_call_on_with_its_values) {
    ledger books;
    ledger_source source{books};
    source_ref<ledger_source> ref{source};
    void* const p = ref.allocate(100, 32);
    ASSERT_EQ(books.out().count(p), 1U);
    EXPECT_EQ(books.out().at(p).bytes, 100U);
    EXPECT_EQ(books.out().at(p).alignment, 32U);
    ref.deallocate(p, 100, 32);
    EXPECT_TRUE(books.out().empty());
}

TEST(source_ref, passes_on_what_sources_may_have_more) {
    ledger books;
    decommitting_ledger_source source{books};
    source_ref<decommitting_ledger_source> ref{source};
    void* const p = ref.allocate(100, 32);
    EXPECT_EQ(ref.decommit(p, 64), 64U);
    EXPECT_EQ(books.decommitted(), 64U);
    ref.deallocate(p, 100, 32);

    alignas(16) std::byte buffer[256];
    cenote::buffer_source bounded{buffer, sizeof buffer};
    EXPECT_EQ(source_ref{bounded}.largest(16), 256U);
}

TEST(source_ref, copies_share_one_source) {
    alignas(16) std::byte buffer[256];
    cenote::buffer_source source{buffer, sizeof buffer};
    source_ref<cenote::buffer_source> a{source};
    source_ref<cenote::buffer_source> b{a};
    EXPECT_EQ(a.allocate(64, 16), buffer);
    EXPECT_EQ(b.allocate(64, 16), buffer + 64);
    EXPECT_EQ(&a.get(), &source);
    EXPECT_EQ(&b.get(), &source);
    a.deallocate(buffer + 64, 64, 16);
    b.deallocate(buffer, 64, 16);
    EXPECT_EQ(source.largest(16), sizeof buffer);
}

} // namespace
} // namespace cenote_test
