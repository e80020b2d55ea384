// Growth that fails leaves a pool as it was, at whichever call of the source; construction that throws gives the block
// back; afterwards everything works.
#include "conformance/suite.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <vector>

namespace cenote_test {
namespace {

template <class Pools>
class failure : public ::testing::Test {
protected:
    using object = stamped<64, 8>;
    using pool_type = typename Pools::template pool<object, 0, failing>;
};
TYPED_TEST_SUITE(failure, all_pools);

// For k = 0, 1, 2, ... lets call k of the source and all later ones fail, until a run needs no more calls.
template <class Run>
void fail_each_call(Run run) {
    for (std::size_t k = 0;; ++k) {
        ASSERT_LT(k, 1000U) << "the run never ends";
        failing source{k};
        if (!run(source)) return;
    }
}

TYPED_TEST(failure, of_each_source_call_while_creating) {
    using tested_pool = typename TestFixture::pool_type;
    using tested = typename TestFixture::object;
    fail_each_call([](const failing& source) {
        tested_pool pool{cenote::growth::unlimited().steps(4096, 65536), source};
        std::vector<tested*> objects;
        for (std::uint64_t i = 0; i != 6000; ++i) {
            const std::size_t capacity = pool.capacity();
            const std::size_t bytes = pool.source().upstream().bytes();
            tested* const p = pool.try_create(i);
            if (p == nullptr) {
                EXPECT_EQ(pool.capacity(), capacity) << "a growth that failed changed the pool";
                EXPECT_EQ(pool.source().upstream().bytes(), bytes) << "a growth that failed kept memory";
                break;
            }
            objects.push_back(p);
        }
        const bool failed = pool.source().has_failed();
        EXPECT_TRUE(pool.valid());
        EXPECT_EQ(pool.live(), objects.size());
        for (std::uint64_t i = 0; i != objects.size(); ++i)
            EXPECT_TRUE(objects[i]->holds(i)) << "a failure touched an object handed out before";

        pool.source().recover();
        while (objects.size() != 6000) {
            objects.push_back(pool.try_create(std::uint64_t{9}));
            EXPECT_NE(objects.back(), nullptr) << "the pool does not work again after memory came back";
            if (objects.back() == nullptr) return false;
        }
        for (tested* p : objects)
            pool.destroy(p);
        pool.trim();
        EXPECT_EQ(pool.source().upstream().pieces(), 0U);
        return failed;
    });
}

TYPED_TEST(failure, of_each_source_call_while_preheating) {
    using tested_pool = typename TestFixture::pool_type;
    fail_each_call([](const failing& source) {
        tested_pool pool{cenote::growth::unlimited().steps(4096, 131072), source};
        const bool first = pool.try_preheat(100);
        const std::size_t capacity = pool.capacity();
        const std::size_t bytes = pool.source().upstream().bytes();
        const bool second = pool.try_preheat(20000);
        if (!second) {
            EXPECT_EQ(pool.capacity(), capacity);
            EXPECT_EQ(pool.source().upstream().bytes(), bytes);
        }
        EXPECT_TRUE(pool.valid());
        const bool failed = pool.source().has_failed();
        pool.source().recover();
        EXPECT_TRUE(pool.try_preheat(20000));
        EXPECT_GE(pool.capacity(), 20000U);
        return failed || !first || !second;
    });
}

TYPED_TEST(failure, of_one_source_call_alone_is_survived) {
    using tested_pool = typename TestFixture::pool_type;
    using tested = typename TestFixture::object;
    for (std::size_t k = 0; k != 12; ++k) {
        tested_pool pool{cenote::growth::unlimited().steps(4096, 65536), failing{k, false}};
        std::vector<tested*> objects;
        while (objects.size() != 4000)
            if (tested* const p = pool.try_create(objects.size()); p != nullptr) objects.push_back(p);
        for (std::size_t i = 0; i != objects.size(); ++i)
            ASSERT_TRUE(objects[i]->holds(i));
        EXPECT_TRUE(pool.valid());
    }
}

// All that may call the source, in one life; what fails is call k, alone or with all later ones.
TYPED_TEST(failure, of_each_source_call_in_a_life_leaves_the_pool_valid) {
    using tested_pool = typename TestFixture::pool_type;
    using tested = typename TestFixture::object;
    for (const bool for_good : {false, true})
        for (std::size_t k = 0;; ++k) {
            ASSERT_LT(k, 1000U) << "the life never ends";
            tested_pool pool{cenote::growth::unlimited().steps(4096, 65536), failing{k, for_good}};
            std::vector<tested*> objects;
            const auto create = [&](std::size_t count) {
                for (std::size_t i = 0; i != count; ++i)
                    if (tested* const p = pool.try_create(objects.size())) objects.push_back(p);
            };
            const auto destroy = [&](std::size_t until) {
                for (; objects.size() > until; objects.pop_back()) {
                    EXPECT_TRUE(objects.back()->holds(objects.size() - 1)) << "somebody else wrote to it";
                    pool.destroy(objects.back());
                }
            };
            create(3000);
            destroy(500);
            (void)pool.trim();
            if constexpr (requires(tested * *out) { pool.try_create_n({out, 1}); }) {
                std::vector<tested*> more(700);
                if (pool.try_create_n({more.data(), more.size()})) pool.destroy_n({more.data(), more.size()});
            }
            (void)pool.try_preheat(2500);
            create(1500);
            EXPECT_EQ(pool.live(), objects.size());
            (void)pool.reset(cenote::reset_mode::retain_with_limit(50'000));
            objects.clear();
            create(1500);
            destroy(0);
            (void)pool.reset(cenote::reset_mode::free_all());
            create(100);
            destroy(0);
            EXPECT_TRUE(pool.valid());
            const bool failed = pool.source().has_failed();
            pool.source().recover();
            create(3000);
            EXPECT_EQ(objects.size(), 3000U) << "the pool does not work again after memory came back";
            destroy(0);
            (void)pool.trim();
            EXPECT_EQ(pool.source().upstream().pieces(), 0U);
            if (!failed) break;
        }
}

TYPED_TEST(failure, of_a_preheat_that_no_memory_could_serve) {
    typename TypeParam::template pool<stamped<64, 8>> pool;
    EXPECT_FALSE(pool.try_preheat(std::numeric_limits<std::size_t>::max()));
    EXPECT_FALSE(pool.try_preheat(std::numeric_limits<std::size_t>::max() / 64));
    EXPECT_EQ(pool.capacity(), 0U);
}

#if CENOTE_EXCEPTIONS
TYPED_TEST(failure, to_create_throws_bad_alloc) {
    typename TestFixture::pool_type pool{cenote::growth{}, failing{0}};
    EXPECT_THROW((void)pool.create(std::uint64_t{1}), std::bad_alloc);
    EXPECT_THROW(pool.preheat(1), std::bad_alloc);
    EXPECT_EQ(pool.try_create(std::uint64_t{1}), nullptr);
    EXPECT_EQ(pool.live(), 0U);
}

TYPED_TEST(failure, of_a_constructor_gives_the_block_back) {
    typename TypeParam::template pool<fussy> pool{cenote::growth::fixed(2)};
    fussy* const kept = pool.create(1U);
    for (int i = 0; i != 10; ++i) {
        EXPECT_THROW((void)pool.create(2U, true), std::runtime_error);
        EXPECT_THROW((void)pool.try_create(2U, true), std::runtime_error);
        EXPECT_EQ(pool.live(), 1U);
    }
    fussy* const second = pool.create(3U); // the last block, still there
    EXPECT_EQ(kept->value, 1U);
    pool.destroy(kept);
    pool.destroy(second);
}
#endif

} // namespace
} // namespace cenote_test
