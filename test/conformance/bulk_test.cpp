// create_n and destroy_n: all or none.
#include "conformance/suite.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cenote_test {
namespace {

template <class Pools>
class bulk : public ::testing::Test {
protected:
    using object = stamped<64, 8>;
};
using typed_pools = ::testing::Types<object_pools, locked_pools, lockfree_pools, cached_pools>;
TYPED_TEST_SUITE(bulk, typed_pools);

TYPED_TEST(bulk, creates_as_many_as_asked_and_destroys_them) {
    typename TypeParam::template pool<typename TestFixture::object> pool;
    for (const std::size_t n : {0U, 1U, 64U, 5000U}) {
        std::vector<typename TestFixture::object*> all(n);
        pool.create_n(all, std::uint64_t{9});
        EXPECT_EQ(pool.live(), n);
        for (const auto* p : all)
            ASSERT_TRUE(p->holds(9));
        pool.destroy_n(all);
        EXPECT_EQ(pool.live(), 0U);
    }
}

TYPED_TEST(bulk, beyond_the_limit_creates_nothing) {
    typename TypeParam::template pool<counted> pool{cenote::growth::up_to(100)};
    counted::alive = 0;
    std::vector<counted*> all(101);
    EXPECT_FALSE(pool.try_create_n(all, 1));
    EXPECT_EQ(counted::alive, 0);
    EXPECT_EQ(pool.live(), 0U);
    const std::span<counted*> fits = std::span{all}.first(100);
    EXPECT_TRUE(pool.try_create_n(fits, 1));
    EXPECT_EQ(counted::alive, 100);
    pool.destroy_n(fits);
}

TYPED_TEST(bulk, passes_over_null_when_it_destroys) {
    typename TypeParam::template pool<typename TestFixture::object> pool;
    const std::array<typename TestFixture::object*, 3> some{nullptr, pool.create(std::uint64_t{1}), nullptr};
    pool.destroy_n(some);
    EXPECT_EQ(pool.live(), 0U);
}

#if CENOTE_EXCEPTIONS
// Throws when the third is made.
struct third_throws {
    static inline int made = 0;
    third_throws() {
        if (++made == 3) throw std::runtime_error{"third"};
    }
    ~third_throws() { --made; }
};

TYPED_TEST(bulk, leaves_nothing_behind_when_a_constructor_throws) {
    typename TypeParam::template pool<third_throws> pool;
    third_throws::made = 0;
    std::array<third_throws*, 5> all{};
    EXPECT_THROW(pool.create_n(all), std::runtime_error);
    EXPECT_EQ(third_throws::made, 1); // the third, which never was
    EXPECT_EQ(pool.live(), 0U);
    EXPECT_TRUE(pool.valid());
}

TYPED_TEST(bulk, beyond_the_limit_throws_bad_alloc) {
    typename TypeParam::template pool<typename TestFixture::object> pool{cenote::growth::fixed(10)};
    std::vector<typename TestFixture::object*> all(11);
    EXPECT_THROW(pool.create_n(all, std::uint64_t{1}), std::bad_alloc);
    EXPECT_EQ(pool.live(), 0U);
}
#endif

} // namespace
} // namespace cenote_test
