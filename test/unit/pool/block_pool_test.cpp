#include "cenote/pool/block_pool.hpp"

#include "cenote/base/units.hpp"
#include "cenote/source/decorators.hpp"
#include "cenote/source/vm_source.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <stdexcept>

namespace cenote_test {
namespace {

using namespace cenote::literals;
using cenote::block_pool;

TEST(block_pool, has_the_size_and_alignment_that_were_asked_for) {
    block_pool<> pool{100, 64};
    EXPECT_GE(pool.block_size(), 100U);
    EXPECT_EQ(pool.alignment(), 64U);
    void* const p = pool.allocate();
    EXPECT_EQ(reinterpret_cast<std::size_t>(p) % 64, 0U);
    pool.deallocate(p);
}

TEST(block_pool, shows_its_source) {
    block_pool<cenote::counting_source<cenote::vm_source>> pool{100, 8};
    pool.deallocate(pool.allocate());
    const auto& seen = pool;
    EXPECT_EQ(&seen.source(), &pool.source());
    EXPECT_NE(seen.source().bytes(), 0U);
}

#if CENOTE_EXCEPTIONS
TEST(block_pool, has_no_blocks_of_no_size_or_beyond_64_MiB) {
    EXPECT_THROW((block_pool<>{0, 8}), std::invalid_argument);
    EXPECT_THROW((block_pool<>{64_MiB + 1, 8}), std::invalid_argument);
    EXPECT_NO_THROW((block_pool<>{64_MiB, 8}));
}
TEST(block_pool, has_no_alignment_but_powers_of_two_to_64_MiB) {
    for (const std::size_t alignment : {std::size_t{0}, std::size_t{3}, std::size_t{48}, 128_MiB})
        EXPECT_THROW((block_pool<>{100, alignment}), std::invalid_argument) << alignment;
}
#endif

} // namespace
} // namespace cenote_test
