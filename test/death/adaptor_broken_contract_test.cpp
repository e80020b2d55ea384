// What families, shared pools and handles promise to report: with full checks at once, by default when the block leaves its
// magazine at the latest.
#include "cenote/cenote.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <list>
#include <memory>
#include <optional>

namespace cenote_test {
namespace {

template <class Family>
class broken_family : public ::testing::Test {
protected:
    // Whatever was done wrong has been seen when the family is gone.
    template <class Body>
    static void in_a_family(Body body) {
        Family family;
        body(family);
    }
};
using families = ::testing::Types<cenote::pool_family, cenote::shared_pool_family>;
TYPED_TEST_SUITE(broken_family, families);

TYPED_TEST(broken_family, a_block_freed_twice_in_a_row_is_seen_at_once) {
    TypeParam family;
    void* const p = family.allocate(40, 8);
    family.deallocate(p, 40, 8);
    EXPECT_DEATH(
        family.deallocate(p, 40, 8),
        "cenote: double destroy: 0x[0-9a-f]+ in (shared_)?pool_family 0x[0-9a-f]+ .blocks of (40|48) bytes.");
}

TYPED_TEST(broken_family, a_block_freed_twice) {
    EXPECT_DEATH(this->in_a_family([](TypeParam& family) {
        void* const p = family.allocate(40, 8);
        void* const q = family.allocate(40, 8);
        family.deallocate(p, 40, 8);
        family.deallocate(q, 40, 8);
        family.deallocate(p, 40, 8);
    }),
                 "double destroy");
}

TYPED_TEST(broken_family, a_block_freed_with_a_size_of_another_pool) {
    EXPECT_DEATH(this->in_a_family([](TypeParam& family) {
        (void)family.allocate(100, 8);
        family.deallocate(family.allocate(40, 8), 100, 8);
    }),
                 "destroy of a pointer that is not from this pool.*blocks of (104|112) bytes");
}

TYPED_TEST(broken_family, a_block_freed_with_a_size_that_no_block_ever_had) {
    TypeParam family;
    void* const p = family.allocate(40, 8);
    EXPECT_DEATH(family.deallocate(p, 400, 8), "deallocate of what is no block of this size");
}

TYPED_TEST(broken_family, a_large_block_freed_with_another_size_or_alignment) {
    TypeParam family;
    void* const p = family.allocate(100000, 8);
    EXPECT_DEATH(family.deallocate(p, 90000, 8), "deallocate of what is no block of this size");
    EXPECT_DEATH(family.deallocate(p, 100000, 16), "deallocate of what is no block of this size");
    family.deallocate(p, 100000, 8);
    EXPECT_DEATH(family.deallocate(&family, 9000, 8), "deallocate of what is no block of this size");
}

TYPED_TEST(broken_family, by_a_resource_over_it) {
    using resource = cenote::basic_pool_resource<TypeParam>;
    resource one;
    void* const p = one.allocate(40, 8);
    EXPECT_DEATH(
        {
            std::optional<resource> two{std::in_place};
            two->deallocate(two->allocate(40, 8), 40, 8);
            two->deallocate(p, 40, 8);
            two.reset();
        },
        "destroy of a pointer that is not from this pool");
}

struct with_an_end {
    int value = 0;
    ~with_an_end() { value = -1; }
};
constexpr cenote::pool_options aborts{.at_death = cenote::leftovers::abort};
using pool_that_aborts = cenote::object_pool<with_an_end, aborts>;

template <class Make>
void let_a_pool_die_before_its_pointer(Make make) {
    std::optional<pool_that_aborts> pool{std::in_place};
    const auto p = make(*pool);
    pool.reset();
}

TEST(owned_object, that_outlives_a_pool_under_abort) {
    EXPECT_DEATH(let_a_pool_die_before_its_pointer([](auto& pool) { return cenote::make_unique(pool); }),
                 "pool dies while objects are alive.*in object_pool");
    EXPECT_DEATH(let_a_pool_die_before_its_pointer([](auto& pool) { return cenote::make_shared(pool); }),
                 "pool dies while objects are alive.*in object_pool");
}

TEST(shared_pool, closed_under_abort_with_objects_alive) {
    cenote::shared_pool<pool_that_aborts> pool;
    auto p = pool.make_unique();
    EXPECT_DEATH(pool.close(), "pool dies while objects are alive.*in object_pool");
    p.reset();
    pool.close();
}

TEST(shared_pool, used_after_it_was_closed) {
    cenote::shared_pool<cenote::object_pool<int>> pool;
    pool.close();
    EXPECT_DEATH((void)pool.make_unique(1), "cenote: shared_pool: used after it was closed");
    EXPECT_DEATH((void)pool->live(), "cenote: shared_pool: used after it was closed");
}

TEST(handle_pool, asked_for_the_handle_of_what_is_no_object_of_it) {
    if constexpr (cenote::checks_full) {
        cenote::handle_pool<int> pool;
        const auto h = pool.create(1);
        const int* const p = pool.get(h);
        const int elsewhere = 1;
        EXPECT_DEATH((void)pool.handle_of(&elsewhere), "cenote: handle_of a pointer that is no live object");
        pool.destroy(h);
        EXPECT_DEATH((void)pool.handle_of(p), "cenote: handle_of a pointer that is no live object");
    }
}

TEST(handle_pool, dies_under_abort_with_objects_alive) {
    using pool_type = cenote::handle_pool<with_an_end, aborts>;
    EXPECT_DEATH(
        {
            std::optional<pool_type> pool{std::in_place};
            (void)pool->create();
            pool.reset();
        },
        "pool dies while objects are alive");
}

#if !CENOTE_EXCEPTIONS
TEST(without_exceptions, exhaustion_aborts_with_one_line) {
    cenote::pool_family family{cenote::growth::up_to(0)};
    EXPECT_DEATH(
        (void)family.allocate(40, 8),
        "cenote: out of memory: pool_family has its limit of 0 blocks of [0-9]+ bytes.*exceptions are off");
    cenote::pool_allocator<int> allocator{family};
    EXPECT_DEATH((void)allocator.allocate(allocator.max_size() + 1),
                 "cenote: more objects than any memory holds");
    EXPECT_DEATH((void)cenote::allocator<int>{}.allocate(allocator.max_size() + 1),
                 "cenote: more objects than any memory holds");
}
#endif

} // namespace
} // namespace cenote_test
