// What the default checks promise: the nearest double destroy at once, every other at the latest when the block is
// flushed from the magazine, and foreign pointers likewise.
#include "support/objects.hpp"
#include "support/pools.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cenote_test {
namespace {

using object = stamped<64, 8>;

template <class Pools>
class default_checks : public ::testing::Test {
protected:
    typename Pools::template pool<object> pool;

    // Many live objects, so that there is something to push a magazine over with.
    std::vector<object*> create(std::size_t n) {
        std::vector<object*> objects(n);
        for (object*& p : objects)
            p = pool.create(std::uint64_t{1});
        return objects;
    }
    // Destroys `p`, then everything else, then trims: everything that waits in the magazine is flushed.
    void destroy_then_flush(object* p, std::vector<object*> others) {
        pool.destroy(p);
        for (object* o : others)
            pool.destroy(o);
        pool.trim();
    }
};
using slab_pools = ::testing::Types<object_pools, block_pools, locked_pools, cached_pools>;
TYPED_TEST_SUITE(default_checks, slab_pools);

template <class Pools>
class default_checks_of_every_pool : public default_checks<Pools> {};
using every_pool =
    ::testing::Types<object_pools, block_pools, intrusive_pools, locked_pools, lockfree_pools, cached_pools>;
TYPED_TEST_SUITE(default_checks_of_every_pool, every_pool);

TYPED_TEST(default_checks_of_every_pool, report_the_object_destroyed_last_at_once) {
    const auto objects = this->create(10);
    this->pool.destroy(objects[3]);
    EXPECT_DEATH(this->pool.destroy(objects[3]), "cenote: double destroy: 0x[0-9a-f]+ in [a-z]+_pool");
    for (object* const p : objects)
        if (p != objects[3]) this->pool.destroy(p);
}

TEST(default_checks_of_lockfree_pool, report_a_double_destroy_when_it_is_trimmed) {
    cenote::lockfree_pool<object> pool;
    object* const p = pool.create(std::uint64_t{1});
    object* const other = pool.create(std::uint64_t{1});
    const auto twice = [&] {
        pool.destroy(p);
        pool.destroy(other);
        pool.destroy(p);
        pool.trim();
    };
    EXPECT_DEATH(twice(), "cenote: double destroy: 0x[0-9a-f]+ in lockfree_pool");
    pool.destroy(p);
    pool.destroy(other);
}

TYPED_TEST(default_checks, report_a_double_destroy_at_any_distance_when_it_is_flushed) {
    for (const std::size_t distance : {1U, 63U, 64U, 1000U, 1024U, 2000U, 50000U}) {
        auto objects = this->create(60000);
        object* const p = objects.back();
        objects.pop_back();
        const auto split = objects.begin() + static_cast<std::ptrdiff_t>(distance);
        const auto twice = [&] {
            this->pool.destroy(p);
            std::for_each(objects.begin(), split, [this](object* o) { this->pool.destroy(o); });
            this->destroy_then_flush(p, {split, objects.end()});
        };
        EXPECT_DEATH(twice(), "double destroy") << distance << " destroys apart";
        this->pool.reset(cenote::reset_mode::free_all());
    }
}

TYPED_TEST(default_checks, report_foreign_pointers_when_they_are_flushed) {
    const auto objects = this->create(2000);
    typename TypeParam::template pool<object> other;
    object* const foreign = other.create(std::uint64_t{1});
    object on_stack{1};
    auto* const interior = reinterpret_cast<object*>(reinterpret_cast<char*>(objects[7]) + 8);
    auto* const unmapped = reinterpret_cast<object*>(std::uintptr_t{0x12345678000});
    EXPECT_DEATH(this->destroy_then_flush(foreign, objects), "not from this pool");
    EXPECT_DEATH(this->destroy_then_flush(&on_stack, objects), "not from this pool");
    // Under AddressSanitizer the object it points into is found poisoned first.
    EXPECT_DEATH(this->destroy_then_flush(interior, objects),
                 CENOTE_ASAN ? "double destroy" : "middle of a block");
    if constexpr (!CENOTE_ASAN) {
        EXPECT_DEATH(this->destroy_then_flush(unmapped, objects), "not from this pool");
    }
}

TYPED_TEST(default_checks, report_what_waits_in_the_magazine_when_the_pool_is_reset_or_dies) {
    const auto objects = this->create(100);
    const auto twice_then_reset = [&] {
        this->pool.destroy(objects[1]);
        this->pool.destroy(objects[2]);
        this->pool.destroy(objects[1]);
        this->pool.reset(cenote::reset_mode::retain_capacity());
    };
    const auto foreign_then_death = [&] {
        typename TypeParam::template pool<object> dies;
        dies.destroy(dies.create(std::uint64_t{1}));
        dies.destroy(objects[0]);
    };
    EXPECT_DEATH(twice_then_reset(), "double destroy");
    EXPECT_DEATH(foreign_then_death(), "not from this pool");
}

// A destructor that ran twice might have freed what the object owns twice, before anybody looks at the block.
TEST(default_checks, report_the_object_destroyed_last_before_its_destructor_runs_again) {
    struct owner {
        std::string text = std::string(100, 'x');
    };
    cenote::object_pool<owner> pool;
    owner* const p = pool.create();
    pool.destroy(p);
    EXPECT_DEATH(pool.destroy(p), "cenote: double destroy");
}

// Beyond the 63 pools whose magazines are found at once, too, and before a destructor runs again.
TEST(default_checks, report_the_object_destroyed_last_at_once_in_each_of_many_shared_pools) {
    struct plain {
        std::uint64_t value = 0;
    };
    struct owner {
        std::string text = std::string(100, 'x');
    };
    std::vector<std::unique_ptr<cenote::cached_pool<plain>>> many(70);
    for (auto& pool : many)
        pool = std::make_unique<cenote::cached_pool<plain>>();
    cenote::cached_pool<owner> last;
    const auto twice = [](auto& pool) {
        auto* const p = pool.create();
        pool.destroy(p);
        pool.destroy(p);
    };
    for (const std::size_t i : {0U, 40U, 69U})
        EXPECT_DEATH(twice(*many[i]), "cenote: double destroy") << i;
    EXPECT_DEATH(twice(last), "cenote: double destroy");
}

} // namespace
} // namespace cenote_test
