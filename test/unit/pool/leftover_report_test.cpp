#include "cenote/pool/leftover_report.hpp"

#include "cenote/arena.hpp"
#include "cenote/block_pool.hpp"
#include "cenote/cached_pool.hpp"
#include "cenote/locked_pool.hpp"
#include "cenote/lockfree_pool.hpp"
#include "cenote/object_pool.hpp"
#include "unit/support/leftovers.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

using leftovers_of_pools = hears_of_leftovers;

struct counted {
    std::size_t x[6];
};
// With what full checks put behind it.
std::size_t block_bytes() { return cenote::object_pool<counted>{}.stats().block_size; }

template <class Pool>
void leave(int count, cenote::growth policy = {}) {
    Pool pool{policy};
    for (int i = 0; i != 1000; ++i)
        pool.destroy(pool.create());
    for (int i = 0; i != count; ++i)
        (void)pool.create();
}

TEST_F(leftovers_of_pools, are_told_when_they_die) {
    leave<cenote::object_pool<counted>>(3);
    leave<cenote::cached_pool<counted>>(2, cenote::growth{}.named("sessions"));
    leave<cenote::locked_pool<counted>>(5);
    leave<cenote::lockfree_pool<counted>>(1);
    ASSERT_EQ(all_told.size(), 4U);
    EXPECT_EQ(all_told[0], (told_leftovers{"object_pool", "", block_bytes(), 3, 3 * block_bytes()}));
    EXPECT_EQ(all_told[1], (told_leftovers{"cached_pool", "sessions", block_bytes(), 2, 2 * block_bytes()}));
    EXPECT_EQ(all_told[2], (told_leftovers{"locked_pool", "", block_bytes(), 5, 5 * block_bytes()}));
    EXPECT_EQ(all_told[3].kind, "lockfree_pool");
    EXPECT_EQ(all_told[3].live, 1U);
}

TEST_F(leftovers_of_pools, of_raw_blocks_are_told) {
    {
        cenote::block_pool pool{200};
        (void)pool.allocate();
        pool.deallocate(pool.allocate());
    }
    ASSERT_EQ(all_told.size(), 1U);
    EXPECT_EQ(all_told[0].kind, "block_pool");
    EXPECT_EQ(all_told[0].live, 1U);
}

TEST_F(leftovers_of_pools, are_none_where_all_is_destroyed_or_moved_or_reset) {
    leave<cenote::object_pool<counted>>(0);
    leave<cenote::cached_pool<counted>>(0);
    {
        cenote::object_pool<counted> pool;
        counted* const o = pool.create();
        cenote::object_pool<counted> to{std::move(pool)};
        to.destroy(o);
        (void)to.create();
        to.reset(cenote::reset_mode::free_all());
    }
    EXPECT_TRUE(all_told.empty());
}

// Its pieces are meant to end with it; what it holds while it lives is in the reports of pools.
TEST_F(leftovers_of_pools, are_none_of_arenas) {
    {
        cenote::arena arena{cenote::arena_growth{.name = "frame"}};
        (void)arena.allocate(1000);
        (void)arena.create<counted>();
    }
    EXPECT_TRUE(all_told.empty());
}

TEST_F(leftovers_of_pools, are_not_told_unasked) {
    cenote::set_leftover_reporter(nullptr);
    leave<cenote::object_pool<counted>>(3);
    EXPECT_TRUE(all_told.empty());
}

TEST_F(leftovers_of_pools, are_a_line_on_stderr) {
    cenote::set_leftover_reporter(cenote::print_leftovers);
    ::testing::internal::CaptureStderr();
    leave<cenote::object_pool<counted>>(3, cenote::growth{}.named("sessions"));
    leave<cenote::object_pool<counted>>(1);
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("cenote: leak: object_pool \"sessions\" 0x"), std::string::npos) << said;
    const std::string end = " ends with 3 live (blocks of " + std::to_string(block_bytes()) + " bytes)\n";
    EXPECT_NE(said.find(end), std::string::npos) << said;
    EXPECT_NE(said.find("cenote: leak: object_pool 0x"), std::string::npos) << said;
}

} // namespace
} // namespace cenote_test
