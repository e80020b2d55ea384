// Every object lies at a multiple of its type's alignment, or of the one that was asked for, whatever its size.
#include "conformance/suite.hpp"

#include <cstdint>
#include <vector>

namespace cenote_test {
namespace {

template <class Pools>
class alignment : public ::testing::Test {};
TYPED_TEST_SUITE(alignment, all_pools_and_heaps);

template <class Pools, class Object, std::size_t Asked = 0>
void all_aligned(std::size_t objects) {
    constexpr std::size_t expected = Asked > alignof(Object) ? Asked : alignof(Object);
    typename Pools::template pool<Object, Asked> pool;
    std::vector<Object*> all(objects);
    for (Object*& p : all) {
        p = pool.create(std::uint64_t{5});
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(p) % expected, 0U) << "size " << sizeof(Object);
    }
    for (Object* p : all) {
        ASSERT_TRUE(p->holds(5));
        pool.destroy(p);
    }
}

TYPED_TEST(alignment, of_over_aligned_types) {
    all_aligned<TypeParam, stamped<32, 32>>(5000);
    all_aligned<TypeParam, stamped<256, 256>>(3000);
    all_aligned<TypeParam, stamped<1024, 1024>>(1000);
    all_aligned<TypeParam, stamped<4096, 4096>>(1000);
}

TYPED_TEST(alignment, of_types_smaller_than_their_alignment) {
    all_aligned<TypeParam, stamped<1, 64>>(3000);
    all_aligned<TypeParam, stamped<100, 64>>(3000);
}

TYPED_TEST(alignment, as_chosen_beyond_the_types_own) {
    all_aligned<TypeParam, stamped<3>, 2>(3000);
    all_aligned<TypeParam, stamped<24, 8>, 16>(3000);
    all_aligned<TypeParam, stamped<24, 8>, 64>(3000);
    all_aligned<TypeParam, stamped<8, 8>, 4096>(500);
    all_aligned<TypeParam, stamped<5000, 8>, 8192>(300);
}

TYPED_TEST(alignment, chosen_below_the_types_own_is_the_types_own) {
    all_aligned<TypeParam, stamped<32, 32>, 8>(1000);
}

} // namespace
} // namespace cenote_test
