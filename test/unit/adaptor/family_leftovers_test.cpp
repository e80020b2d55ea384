// What families that die with live blocks tell, to who asked to hear of it: pool/leftover_report.hpp.
#include "cenote/pool/leftover_report.hpp"

#include "cenote/pool_allocator.hpp"
#include "cenote/pool_family.hpp"
#include "unit/support/leftovers.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <list>
#include <string>
#include <vector>

namespace cenote_test {
namespace {

template <class Family>
class leftovers_of_families : public hears_of_leftovers {
protected:
    // With what full checks put behind it.
    static std::size_t block_bytes(std::size_t bytes) {
        Family family;
        family.deallocate(family.allocate(bytes, 8), bytes, 8);
        return family.stats_of(bytes, 8).block_size;
    }
};

using families = ::testing::Types<cenote::pool_family, cenote::shared_pool_family>;
struct names_of_families {
    template <class Family>
    static std::string GetName(int) {
        return std::is_same_v<Family, cenote::pool_family> ? "pool_family" : "shared_pool_family";
    }
};
TYPED_TEST_SUITE(leftovers_of_families, families, names_of_families);

TYPED_TEST(leftovers_of_families, are_told_by_size_class_and_then_of_all_larger_blocks) {
    const std::string kind = names_of_families::GetName<TypeParam>(0);
    {
        TypeParam family{cenote::growth{}.named("of orders")};
        for (int i = 0; i != 1000; ++i)
            family.deallocate(family.allocate(200, 8), 200, 8);
        (void)family.allocate(100'000, 8);
        (void)family.allocate(48, 8);
        (void)family.allocate(24, 8);
        (void)family.allocate(20'000, 8);
        (void)family.allocate(48, 8);
        family.deallocate(family.allocate(30'000, 8), 30'000, 8);
        EXPECT_TRUE(all_told.empty());
    }
    const std::size_t of_24 = this->block_bytes(24), of_48 = this->block_bytes(48);
    EXPECT_EQ(all_told, (std::vector<told_leftovers>{{kind, "of orders", of_24, 1, of_24},
                                                     {kind, "of orders", of_48, 2, 2 * of_48},
                                                     {kind, "of orders", 0, 2, 120'000}}));
}

TYPED_TEST(leftovers_of_families, are_none_where_all_came_back_or_was_released) {
    {
        TypeParam family;
        std::vector<int, cenote::pool_allocator<int, TypeParam>> large(100'000, 1, family);
        std::list<int, cenote::pool_allocator<int, TypeParam>> nodes(100, 1, family);
        (void)nodes;
    }
    {
        TypeParam family;
        (void)family.allocate(48, 8);
        (void)family.allocate(100'000, 8);
        family.release();
    }
    EXPECT_TRUE(all_told.empty());
}

TYPED_TEST(leftovers_of_families, are_not_told_unasked) {
    cenote::set_leftover_reporter(nullptr);
    {
        TypeParam family;
        (void)family.allocate(48, 8);
        (void)family.allocate(100'000, 8);
    }
    EXPECT_TRUE(all_told.empty());
}

TYPED_TEST(leftovers_of_families, of_larger_blocks_are_one_line_on_stderr) {
    cenote::set_leftover_reporter(cenote::print_leftovers);
    ::testing::internal::CaptureStderr();
    {
        TypeParam family{cenote::growth{}.named("of orders")};
        (void)family.allocate(100'000, 8);
        (void)family.allocate(20'000, 8);
    }
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("cenote: leak: " + names_of_families::GetName<TypeParam>(0) + " \"of orders\" 0x"),
              std::string::npos)
        << said;
    EXPECT_NE(said.find(" ends with 2 live (larger blocks, of 120000 bytes together)\n"), std::string::npos)
        << said;
}

} // namespace
} // namespace cenote_test
