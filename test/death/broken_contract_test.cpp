// With full checks every broken contract is reported at once: what, which pointer, in which pool; then abort.
#include "support/objects.hpp"
#include "support/pools.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cenote_test {
namespace {

using object = stamped<64, 8>;

template <class Pools>
class broken_contract : public ::testing::Test {
protected:
    typename Pools::template pool<object> pool;

    object* at_offset(object* p, std::ptrdiff_t bytes) {
        return reinterpret_cast<object*>(reinterpret_cast<char*>(p) + bytes);
    }
};
using all_pools =
    ::testing::Types<object_pools, block_pools, intrusive_pools, locked_pools, lockfree_pools, cached_pools>;
TYPED_TEST_SUITE(broken_contract, all_pools);

TYPED_TEST(broken_contract, destroyed_twice_in_a_row) {
    object* const p = this->pool.create(std::uint64_t{1});
    this->pool.destroy(p);
    EXPECT_DEATH(
        this->pool.destroy(p),
        "cenote: double destroy: 0x[0-9a-f]+ in [a-z]+_pool 0x[0-9a-f]+ .blocks of (64|72|80) bytes.");
}

TYPED_TEST(broken_contract, names_the_pool_that_has_a_name) {
    typename TypeParam::template pool<object> orders{cenote::growth{}.named("my orders")};
    const char* const said = "in [a-z]+_pool \"my orders\" 0x[0-9a-f]+ .blocks of";
    object on_stack{1};
    EXPECT_DEATH(orders.destroy(&on_stack), said) << "before its first use";
    object* const p = orders.create(std::uint64_t{1});
    EXPECT_DEATH(orders.destroy(&on_stack), said);
    orders.destroy(p);
}

TYPED_TEST(broken_contract, destroyed_twice_at_any_distance) {
    std::vector<object*> others(100000);
    object* const p = this->pool.create(std::uint64_t{1});
    for (object*& o : others)
        o = this->pool.create(std::uint64_t{1});
    this->pool.destroy(p);
    std::size_t destroyed = 0;
    for (const std::size_t distance : {1U, 2U, 31U, 63U, 64U, 65U, 1000U, 10000U, 100000U}) {
        for (; destroyed != distance; ++destroyed)
            this->pool.destroy(others[destroyed]);
        EXPECT_DEATH(this->pool.destroy(p), "double destroy") << distance << " destroys apart";
    }
}

TYPED_TEST(broken_contract, a_pointer_from_the_stack) {
    object on_stack{1};
    (void)this->pool.create(std::uint64_t{1});
    EXPECT_DEATH(this->pool.destroy(&on_stack), "destroy of a pointer that is not");
}

TYPED_TEST(broken_contract, a_static_object) {
    static object in_data{1};
    EXPECT_DEATH(this->pool.destroy(&in_data), "destroy of a pointer that is not");
}

TYPED_TEST(broken_contract, a_pointer_from_another_pool) {
    typename TypeParam::template pool<object> other;
    (void)this->pool.create(std::uint64_t{1});
    object* const foreign = other.create(std::uint64_t{1});
    EXPECT_DEATH(this->pool.destroy(foreign), "destroy of a pointer that is not");
}

TYPED_TEST(broken_contract, a_pointer_into_the_middle_of_an_object) {
    object* const p = this->pool.create(std::uint64_t{1});
    EXPECT_DEATH(this->pool.destroy(this->at_offset(p, 8)), "destroy of a pointer");
    EXPECT_DEATH(this->pool.destroy(this->at_offset(p, 1)), "destroy of a pointer");
}

TYPED_TEST(broken_contract, an_object_that_was_never_created) {
    object* const p = this->pool.create(std::uint64_t{1});
    EXPECT_DEATH(this->pool.destroy(p + 5), "destroy");
}

TYPED_TEST(broken_contract, an_object_that_a_reset_dropped) {
    object* const p = this->pool.create(std::uint64_t{1});
    this->pool.reset(cenote::reset_mode::retain_capacity());
    EXPECT_DEATH(this->pool.destroy(p), "destroy");
}

struct with_destructor {
    int value = 0;
    ~with_destructor() { value = -1; }
};

// What a macro's argument cannot hold: commas.
using aborting_pool =
    cenote::object_pool<with_destructor, cenote::pool_options{.at_death = cenote::leftovers::abort}>;

template <class Pool>
void let_a_pool_die_with_an_object_alive() {
    Pool pool;
    (void)pool.create();
}

TEST(pool_death, with_objects_alive_under_abort) {
    EXPECT_DEATH(let_a_pool_die_with_an_object_alive<aborting_pool>(),
                 "pool dies while objects are alive.*in object_pool");
    EXPECT_DEATH(let_a_pool_die_with_an_object_alive<cenote::intrusive_pool<with_destructor>>(),
                 "pool dies while objects are alive.*in intrusive_pool");
}

TEST(pool_death, by_a_reset_of_an_intrusive_pool_with_live_objects_that_have_destructors) {
    cenote::intrusive_pool<with_destructor> pool;
    with_destructor* const p = pool.create();
    EXPECT_DEATH(pool.reset(cenote::reset_mode::free_all()), "reset while objects are alive");
    pool.destroy(p);
}

#if !CENOTE_EXCEPTIONS
TEST(without_exceptions, exhaustion_and_bad_arguments_abort_with_one_line) {
    cenote::object_pool<object> full{cenote::growth::fixed(0)};
    EXPECT_DEATH(
        (void)full.create(std::uint64_t{1}),
        "cenote: out of memory: object_pool has its limit of 0 blocks of [0-9]+ bytes.*exceptions are off");
    EXPECT_DEATH(cenote::block_pool<>(0), "cenote: block_pool: the block size");
}
#endif

} // namespace
} // namespace cenote_test
