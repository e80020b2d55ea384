// Limits are exact: in objects by the growth policy, in bytes by a limiting source or a buffer.
#include "conformance/suite.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

namespace cenote_test {
namespace {

template <class Pools>
class limits : public ::testing::Test {
protected:
    using object = stamped<40, 8>;

    // Creates until the pool has no more; the objects stay alive.
    template <class Pool>
    static auto exhaust(Pool& pool) {
        std::vector<decltype(pool.try_create(std::uint64_t{3}))> objects;
        while (auto* const p = pool.try_create(std::uint64_t{3}))
            objects.push_back(p);
        return objects;
    }
};
TYPED_TEST_SUITE(limits, all_pools);

TYPED_TEST(limits, of_a_fixed_pool_are_exactly_its_objects) {
    using tested = typename TestFixture::object;
    for (const std::size_t n : {1U, 2U, 63U, 64U, 65U, 1000U, 1638U, 1639U, 5000U, 200000U}) {
        typename TypeParam::template pool<tested, 0, counting> pool{cenote::growth::fixed(n)};
        EXPECT_EQ(this->exhaust(pool).size(), n);
        EXPECT_EQ(pool.capacity(), n);
        EXPECT_FALSE(pool.try_preheat(1));
        const std::size_t blocks = n * pool.stats().block_size;
        EXPECT_LE(pool.source().bytes(), blocks + blocks / 16 + 16384) << n;
    }
}

TYPED_TEST(limits, of_a_fixed_pool_of_large_objects_are_exactly_its_objects) {
    using large = stamped<40000, 8>;
    typename TypeParam::template pool<large> pool{cenote::growth::fixed(37)};
    std::vector<large*> objects;
    while (large* const p = pool.try_create())
        objects.push_back(p);
    EXPECT_EQ(objects.size(), 37U);
}

TYPED_TEST(limits, of_a_fixed_pool_beyond_any_memory_are_refused_with_nothing_taken) {
    typename TypeParam::template pool<typename TestFixture::object, 0, counting> pool{
        cenote::growth::fixed(static_cast<std::size_t>(-1))};
    EXPECT_EQ(pool.try_create(std::uint64_t{1}), nullptr);
    EXPECT_FALSE(pool.try_preheat(1));
    EXPECT_EQ(pool.capacity(), 0U);
    EXPECT_EQ(pool.source().bytes(), 0U);
}

TYPED_TEST(limits, of_a_growing_pool_are_exactly_its_objects) {
    using tested = typename TestFixture::object;
    for (const std::size_t n : {1U, 100U, 1639U, 150001U}) {
        typename TypeParam::template pool<tested> pool{cenote::growth::up_to(n)};
        EXPECT_EQ(this->exhaust(pool).size(), n);
    }
}

TYPED_TEST(limits, a_full_pool_works_on_after_a_destroy) {
    typename TypeParam::template pool<typename TestFixture::object> pool{cenote::growth::fixed(3)};
    auto objects = this->exhaust(pool);
    pool.destroy(objects[1]);
    EXPECT_EQ(pool.try_create(std::uint64_t{1}), objects[1]);
    EXPECT_EQ(pool.try_create(std::uint64_t{1}), nullptr);
}

TYPED_TEST(limits, a_preheat_beyond_the_limit_fails_and_changes_nothing) {
    typename TypeParam::template pool<typename TestFixture::object> pool{cenote::growth::up_to(10)};
    EXPECT_FALSE(pool.try_preheat(11));
    EXPECT_EQ(pool.capacity(), 0U);
    EXPECT_TRUE(pool.try_preheat(10));
    auto* const one = pool.try_create(std::uint64_t{1});
    EXPECT_NE(one, nullptr);
    EXPECT_FALSE(pool.try_preheat(10));
    EXPECT_TRUE(pool.try_preheat(9));
}

TYPED_TEST(limits, in_bytes_are_kept) {
    using limited = cenote::limiting_source<counting>;
    typename TypeParam::template pool<typename TestFixture::object, 0, limited> pool{cenote::growth{},
                                                                                     limited{100000}};
    const std::size_t created = this->exhaust(pool).size();
    EXPECT_LE(pool.source().upstream().peak(), 100000U);
    EXPECT_GE(created * sizeof(typename TestFixture::object), 50000U)
        << "half the memory allowed is not used";
    EXPECT_EQ(pool.live(), created);
}

TYPED_TEST(limits, of_a_callers_buffer_are_its_bytes) {
    std::array<std::byte, 10000> memory{};
    const cenote::buffer_source buffer{memory.data(), memory.size()};
    typename TypeParam::template pool<typename TestFixture::object, 0, cenote::buffer_source> pool{
        cenote::growth{}, buffer};
    const auto objects = this->exhaust(pool);
    EXPECT_GE(objects.size() * pool.stats().block_size, memory.size() * 85 / 100);
    for (const auto* p : objects) {
        EXPECT_GE(static_cast<const void*>(p), memory.data());
        EXPECT_LE(static_cast<const void*>(p + 1), memory.data() + memory.size());
        EXPECT_TRUE(p->holds(3));
    }
}

// A buffer is used up to what alignment and headers cost, however large it is.
TYPED_TEST(limits, of_a_buffer_of_any_size_are_nearly_its_bytes) {
    for (const std::size_t bytes : {60'000U, 200'000U, 1'000'000U, 9'000'000U, 20'000'000U}) {
        std::vector<std::byte> memory(bytes);
        typename TypeParam::template pool<stamped<64, 8>, 0, cenote::buffer_source> pool{
            cenote::growth{}, cenote::buffer_source{memory.data(), memory.size()}};
        EXPECT_GE(this->exhaust(pool).size() * pool.stats().block_size, bytes - bytes / 8) << bytes;
    }
}

// What is left of a limit is used, also where it is no power of two.
TYPED_TEST(limits, in_bytes_are_reached_beyond_the_half) {
    using limited = cenote::limiting_source<cenote::vm_source>;
    for (const std::size_t bytes : {128U << 10, 192U << 10, 576U << 10}) {
        typename TypeParam::template pool<stamped<64, 8>, 0, limited> pool{cenote::growth{}, limited{bytes}};
        EXPECT_GE(this->exhaust(pool).size() * pool.stats().block_size, bytes / 2 + bytes / 8) << bytes;
    }
}

TYPED_TEST(limits, of_a_buffer_too_small_for_one_object) {
    std::array<std::byte, 48> memory{};
    const cenote::buffer_source buffer{memory.data(), memory.size()};
    typename TypeParam::template pool<stamped<64, 8>, 0, cenote::buffer_source> pool{cenote::growth{},
                                                                                     buffer};
    EXPECT_EQ(pool.try_create(std::uint64_t{1}), nullptr);
}

TYPED_TEST(limits, any_memory_resource_will_do) {
    std::array<std::byte, 200000> memory{};
    std::pmr::monotonic_buffer_resource resource{memory.data(), memory.size(),
                                                 std::pmr::null_memory_resource()};
    typename TypeParam::template pool<typename TestFixture::object, 0, cenote::upstream_source> pool{
        cenote::growth::up_to(2000), cenote::upstream_source{&resource}};
#if CENOTE_EXCEPTIONS
    EXPECT_GE(this->exhaust(pool).size() * pool.stats().block_size, 60000U);
#else
    EXPECT_NE(pool.try_create(std::uint64_t{1}),
              nullptr); // null_memory_resource would abort beyond the buffer
#endif
}

} // namespace
} // namespace cenote_test
