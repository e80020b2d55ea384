// What full checks find in memory, and what they say: one line with the pool, the block and the place, then who created the
// item, who destroyed it, and who is at it now.
#include "support/pools.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace cenote_test {
namespace {

#if !CENOTE_ASAN // which has its own ways, see test/sanitizer

struct item {
    item() noexcept {} // which leaves the bytes as they are
    std::array<unsigned char, 24> bytes;
};

template <class Pool>
struct fault {
    const char* name;
    void (*commit)(Pool& pool, item* p);
    const char* said; // before the pool's kind
};

template <class Pool>
const fault<Pool> faults[] = {
    {"one byte beyond",
     [](Pool& pool, item* p) {
         p->bytes.data()[24] = 0;
         pool.destroy(p);
     },
     "write behind an object: 0x[0-9a-f]+, 24 bytes into it, whose size is 24,"},
    {"the eighth byte beyond",
     [](Pool& pool, item* p) {
         p->bytes.data()[31] = 0;
         pool.destroy(p);
     },
     "write behind an object: 0x[0-9a-f]+, 31 bytes into it, whose size is 24,"},
    {"beyond, seen when the pool is reset",
     [](Pool& pool, item* p) {
         p->bytes.data()[25] = 0;
         pool.reset(cenote::reset_mode::retain_capacity());
     },
     "write behind an object: 0x[0-9a-f]+, 25 bytes into it, whose size is 24,"},
    {"beyond, seen when the pool is trimmed",
     [](Pool& pool, item* p) {
         p->bytes.data()[25] = 0;
         pool.trim();
     },
     "write behind an object: 0x[0-9a-f]+, 25 bytes into it, whose size is 24,"},
    {"after the destroy, seen when the block is used again",
     [](Pool& pool, item* p) {
         pool.destroy(p);
         p->bytes[17] = 1;
         (void)pool.create();
     },
     "write after destroy: 0x[0-9a-f]+, 17 bytes into it,"},
    {"after the destroy, seen when the pool is reset",
     [](Pool& pool, item* p) {
         pool.destroy(p);
         p->bytes[23] = 1;
         pool.reset(cenote::reset_mode::free_all());
     },
     "write after destroy: 0x[0-9a-f]+, 23 bytes into it,"},
    {"destroyed twice",
     [](Pool& pool, item* p) {
         pool.destroy(p);
         pool.destroy(p);
     },
     "double destroy: 0x[0-9a-f]+"},
    {"into the middle", [](Pool& pool, item* p) { pool.destroy(reinterpret_cast<item*>(&p->bytes[10])); },
     "destroy of a pointer into the middle of a block: 0x[0-9a-f]+, 10 bytes into block 0x[0-9a-f]+,"},
    {"another pool's",
     [](Pool& pool, item*) {
         Pool other{cenote::growth{}.named("the other one")};
         pool.destroy(other.create());
     },
     "destroy of a pointer that is not from this pool: 0x[0-9a-f]+, which is of [a-z_]+ \"the other one\" "
     "0x[0-9a-f]+,"},
};

template <class Pools>
class full_checks : public ::testing::Test {};
using pools_over_slabs =
    ::testing::Types<object_pools, block_pools, locked_pools, lockfree_pools, cached_pools>;
TYPED_TEST_SUITE(full_checks, pools_over_slabs);

TYPED_TEST(full_checks, name_the_fault_the_place_and_the_pool) {
    using pool_type = typename TypeParam::template pool<item>;
    for (const auto& f : faults<pool_type>) {
        const auto commit = [&] {
            pool_type pool{cenote::growth{}.named("tested")};
            item* const p = pool.create();
            f.commit(pool, p);
        };
        EXPECT_DEATH(commit(),
                     std::string{"cenote: "} + f.said + " in [a-z_]+ \"tested\" 0x[0-9a-f]+ .blocks of ")
            << f.name;
    }
}

TEST(full_checks_of_moved_pools, know_their_blocks_as_before) {
    cenote::object_pool<item> first;
    item* const p = first.create();
    cenote::object_pool<item> pool{std::move(first)};
    const auto twice = [&] {
        pool.destroy(p);
        pool.destroy(p);
    };
    EXPECT_DEATH(twice(), "cenote: double destroy[^\n]*\n(cenote:[^\n]*\n)*cenote: destroyed by");
    pool.destroy(p);
}

// Who did it is in the lines below: once for the creation, and once for the destroy.
TYPED_TEST(full_checks, say_who_created_and_who_destroyed) {
    typename TypeParam::template pool<item> pool;
    item* const p = pool.create();
    const auto overflow = [&] {
        p->bytes.data()[24] = 0;
        pool.destroy(p);
    };
    EXPECT_DEATH(overflow(),
                 "created by\ncenote:   #0 0x[^\n]*\n(cenote:   #[^\n]*\n)+cenote: found by\ncenote:   #0 ");
    const auto twice = [&] {
        pool.destroy(p);
        pool.destroy(p);
    };
    EXPECT_DEATH(
        twice(),
        "created by\n(cenote:   #[^\n]*\n)+cenote: destroyed by\n(cenote:   #[^\n]*\n)+cenote: found by");
    pool.destroy(p);
}

TYPED_TEST(full_checks, fill_new_objects_with_what_no_program_wrote) {
    typename TypeParam::template pool<item> pool;
    for (int i = 0; i != 3; ++i) { // the second and third time in the same block
        item* const p = pool.create();
        for (const unsigned char b : p->bytes)
            EXPECT_EQ(b, 0xA7);
        p->bytes.fill(0);
        pool.destroy(p);
    }
}

TYPED_TEST(full_checks, make_valid_look_behind_objects_and_into_free_blocks) {
    typename TypeParam::template pool<item> pool;
    item* const p = pool.create();
    item* const q = pool.create();
    EXPECT_TRUE(pool.valid());
    const unsigned char canary = p->bytes.data()[24];
    p->bytes.data()[24] = 0;
    EXPECT_FALSE(pool.valid());
    p->bytes.data()[24] = canary;
    EXPECT_TRUE(pool.valid());
    pool.destroy(q);
    const unsigned char filled = q->bytes[0];
    q->bytes[0] = 0;
    EXPECT_FALSE(pool.valid());
    q->bytes[0] = filled;
    EXPECT_TRUE(pool.valid());
    pool.destroy(p);
}

TYPED_TEST(full_checks, know_that_pages_which_went_back_are_not_as_they_were) {
    typename TypeParam::template pool<item> pool;
    std::vector<item*> all(20000);
    for (item*& p : all)
        p = pool.create();
    item* const kept = all.front();
    for (std::size_t i = 1; i != all.size(); ++i)
        pool.destroy(all[i]);
    EXPECT_GT(pool.trim(), 0U);
    for (std::size_t i = 1; i != all.size(); ++i)
        all[i] = pool.create();
    EXPECT_TRUE(pool.valid());
    for (std::size_t i = 1; i != all.size(); ++i)
        pool.destroy(all[i]);
    pool.destroy(kept);
}

TEST(full_checks_of_a_dying_pool, say_how_many_objects_are_alive_and_who_created_the_first) {
    using aborting = cenote::object_pool<item, cenote::pool_options{.at_death = cenote::leftovers::abort}>;
    const auto die = [] {
        aborting pool;
        for (int i = 0; i != 5; ++i)
            (void)pool.create();
    };
    EXPECT_DEATH(die(), "alive: 0x[^\n]*\ncenote: created by\ncenote:   #0 [^$]*objects alive: 5\n"
                        "cenote: pool dies while objects are alive");
}

// The size of a sized deallocation says which pool of a family is meant.
TEST(full_checks_of_a_family, name_the_pool_that_a_wrong_size_missed) {
    cenote::pool_family family;
    void* const p = family.allocate(24, 8);
    void* const of_another_size = family.allocate(100, 8);
    EXPECT_DEATH(family.deallocate(p, 100, 8),
                 "not from this pool: 0x[0-9a-f]+, which is of pool_family 0x[0-9a-f]+, in pool_family");
    const auto beyond = [&] {
        static_cast<unsigned char*>(p)[24] = 0;
        family.deallocate(p, 24, 8);
    };
    EXPECT_DEATH(beyond(), "write behind an object: 0x[0-9a-f]+, 24 bytes into it");
    family.deallocate(p, 24, 8);
    family.deallocate(of_another_size, 100, 8);
}

// The header lies in the same OS page, before the first block.
TEST(full_checks_of_a_segment, report_damage_that_shows_in_its_header) {
    using cenote::detail::segment;
    struct damage {
        const char* name;
        void (*to)(segment&);
    };
    const damage damages[] = {
        {"a live block is marked as free", [](segment& s) { s.bitmap()[0] |= 1; }},
        {"a free block is marked as live", [](segment& s) { s.bitmap()[0] ^= 1U << 5; }},
        {"no slab has a free block", [](segment& s) { s.nonfull = 0; }},
        {"another block was opened", [](segment& s) { ++s.opened; }},
    };
    for (const damage& d : damages) {
        const auto damage_then_trim = [&d] {
            cenote::object_pool<item> pool;
            item* const p = pool.create();
            const auto page = reinterpret_cast<std::uintptr_t>(p) & ~std::uintptr_t{4095};
            d.to(*reinterpret_cast<segment*>(page));
            pool.trim();
        };
        EXPECT_DEATH(damage_then_trim(),
                     "cenote: the pool's own structures were written to: .* in object_pool")
            << d.name;
    }
}

#endif

} // namespace
} // namespace cenote_test
