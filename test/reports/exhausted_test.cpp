// What an exhausted pool says: which one it is, why, and who holds the most.
#include "cenote/pool/exhausted.hpp"

#include "cenote/cenote.hpp"
#include "support/objects.hpp"
#include "support/pools.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <new>
#include <string>

namespace cenote_test {
namespace {

using cenote::growth;

// The text of what `f` throws.
template <class F>
std::string refusal(F f) {
    try {
        f();
    } catch (const std::bad_alloc& e) {
        return e.what();
    }
    return "nothing was thrown";
}
void expect_part(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
}

template <class Pools>
class exhausted : public ::testing::Test {
protected:
    using object = stamped<40, 8>;
};
using every_kind_of_pool =
    ::testing::Types<object_pools, block_pools, intrusive_pools, locked_pools, lockfree_pools, cached_pools>;
TYPED_TEST_SUITE(exhausted, every_kind_of_pool);

TYPED_TEST(exhausted, pool_at_its_limit_is_named_with_it) {
    typename TypeParam::template pool<std::uint64_t> pool{growth::fixed(10).named("sessions")};
    const std::string text = refusal([&] {
        for (;;)
            (void)pool.create(std::uint64_t{1});
    });
    const std::string size = std::to_string(pool.stats().block_size);
    expect_part(text, "out of memory: ");
    expect_part(text, "_pool \"sessions\" has its limit of 10 blocks of " + size + " bytes");
    pool.reset(cenote::reset_mode::free_all());
}

TYPED_TEST(exhausted, pool_whose_source_refuses_is_named_with_what_it_has) {
    using failing = cenote::failing_source<cenote::vm_source>;
    typename TypeParam::template pool<typename TestFixture::object, 0, failing> pool{
        growth{}.named("starved"), failing{0}};
    expect_part(refusal([&] { (void)pool.create(std::uint64_t{1}); }),
                "\"starved\" has 0 of 0 blocks of " + std::to_string(pool.stats().block_size) +
                    " bytes taken, and can have no more");
}

TYPED_TEST(exhausted, pool_says_so_for_a_preheat_too) {
    typename TypeParam::template pool<typename TestFixture::object> pool{
        growth::up_to(10).named("preheated")};
    expect_part(refusal([&] { pool.preheat(11); }), "\"preheated\"");
}

TEST(exhausted_pools, name_the_largest_holders_in_order) {
    cenote::object_pool<int> large{growth{}.named("large one")};
    cenote::object_pool<int> larger{growth{}.named("larger one")};
    cenote::object_pool<int> largest{growth{}.named("largest one")};
    cenote::object_pool<int> small{growth{}.named("small one")};
    large.preheat(2'000'000);
    larger.preheat(4'000'000);
    largest.preheat(6'000'000);
    small.preheat(1);
    cenote::cached_pool<int> empty{growth::up_to(0)};
    const std::string text = refusal([&] { (void)empty.create(1); });
    const std::size_t first = text.find("largest: \"largest one\" " + std::to_string(largest.stats().bytes));
    const std::size_t second = text.find("\"larger one\"");
    const std::size_t third = text.find("\"large one\"");
    EXPECT_NE(first, std::string::npos) << text;
    EXPECT_LT(first, second) << text;
    EXPECT_LT(second, third) << text;
    EXPECT_NE(third, std::string::npos) << text;
    EXPECT_EQ(text.find("small one"), std::string::npos) << text;
}

TEST(exhausted_pools, without_a_name_are_told_by_their_kind) {
    cenote::cached_pool<int> pool{growth::up_to(0)};
    expect_part(refusal([&] { (void)pool.create(1); }),
                "out of memory: cached_pool has its limit of 0 blocks");
}

TEST(exhausted_pools, are_named_where_they_are_families) {
    cenote::pool_family family{growth::up_to(5).named("list")};
    std::list<int, cenote::pool_allocator<int>> numbers{family};
    expect_part(refusal([&] {
                    for (;;)
                        numbers.push_back(1);
                }),
                "pool_family \"list\" has its limit of 5 blocks");
    expect_part(refusal([&] { (void)family.allocate(std::size_t{1} << 60, 8); }), "pool_family \"list\"");
}

TEST(exhausted_pools, are_named_where_they_are_of_handles) {
    cenote::handle_pool<int> pool{growth::up_to(0).named("by handle")};
    expect_part(refusal([&] { (void)pool.create(1); }), "handle_pool \"by handle\"");
}

TEST(exhausted_pools, are_named_where_they_are_arenas) {
    cenote::arena arena{cenote::arena_growth{.name = "frame"}};
    expect_part(refusal([&] { (void)arena.allocate(std::size_t{1} << 62, 8); }),
                "arena \"frame\" has 0 of 0 blocks of 1 bytes taken, and can have no more");
}

TEST(exhausted_heaps, say_what_they_hold_and_what_was_refused) {
    cenote::heap h{{.limit = 8 << 20}};
    const std::string text = refusal([&] { (void)h.allocate(16 << 20); });
    expect_part(text, "of its limit of 8388608, and 16777216 more are refused");
}

TEST(exhausted_pools, throw_what_has_its_text_in_itself) {
    cenote::object_pool<int> pool{growth::up_to(0).named("copied")};
    try {
        (void)pool.create(1);
        FAIL();
    } catch (const cenote::out_of_memory& e) {
        const cenote::out_of_memory copy = e;
        EXPECT_STREQ(copy.what(), e.what());
        EXPECT_NE(copy.what(), e.what());
        EXPECT_LE(sizeof copy, 256U);
    }
}

TEST(exhausted_pools, cut_a_text_that_is_too_long) {
    cenote::detail::short_text text;
    for (int i = 0; i != 100; ++i)
        text.add("%s", "0123456789");
    EXPECT_EQ(std::string(text.text()).size(), 239U);
}

} // namespace
} // namespace cenote_test
