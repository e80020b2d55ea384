// A source that wants guards gets them: a page before a segment's blocks and its last one, in which no block lies.
#include "cenote/slab/slab_list.hpp"
#include "cenote/source/vm_source.hpp"
#include "unit/support/slab_lists.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <set>
#include <vector>

namespace cenote_test {
namespace {

using cenote::detail::address_of;

// What the source below was told.
struct book {
    std::map<std::byte*, std::size_t> segments;
    std::vector<std::byte*> guards;
};

class guarded_source {
public:
    static constexpr std::size_t guard_bytes = 4096;

    explicit guarded_source(book& into) noexcept : book_(&into) {}
    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        void* const p = from_.allocate(bytes, alignment);
        book_->segments[static_cast<std::byte*>(p)] = bytes;
        return p;
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        book_->segments.erase(static_cast<std::byte*>(p));
        from_.deallocate(p, bytes, alignment);
    }
    void guard(void* p) noexcept { book_->guards.push_back(static_cast<std::byte*>(p)); }
    cenote::vm_source& tables() noexcept { return from_; }

private:
    book* book_;
    cenote::vm_source from_;
};

class guards : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(block_sizes, guards, ::testing::Values(8, 16, 48, 1000, 4096, 24'576, 65'536));

TEST_P(guards, lie_before_the_blocks_and_at_the_end_and_no_block_reaches_into_them) {
    constexpr std::size_t segment_bytes = 1U << 20U;
    const std::size_t size = GetParam();
    book all;
    slab_list_on<guarded_source> list{runtime_geometry{size, size & (~size + 1)},
                                      growth::unlimited().steps(512U << 10U, segment_bytes),
                                      guarded_source{all}};
    auto blocks = grow_and_take(list, 1);
    // More than the first segment has; how large that is depends on how many are asked for.
    const auto others = grow_and_take(list, 4 * segment_bytes / size);
    blocks.insert(blocks.end(), others.begin(), others.end());
    EXPECT_TRUE(list.valid());
    ASSERT_GE(all.segments.size(), 2U);
    ASSERT_EQ(all.guards.size(), 2 * all.segments.size());

    for (std::byte* const p : blocks)
        ASSERT_EQ(address_of(p) % (size & (~size + 1)), 0U);
    const std::set<std::byte*> starts{blocks.begin(), blocks.end()};
    for (std::byte* const guard : all.guards) {
        EXPECT_EQ(address_of(guard) % 4096, 0U);
        const auto behind = starts.lower_bound(guard);
        if (behind != starts.end()) {
            EXPECT_GE(*behind, guard + 4096);
        }
        if (behind != starts.begin()) {
            EXPECT_LE(*std::prev(behind) + size, guard);
        }
    }
    for (const auto& [base, bytes] : all.segments) {
        EXPECT_EQ(std::count(all.guards.begin(), all.guards.end(), base + (bytes / 4096 - 1) * 4096), 1);
        // Where a segment's blocks begin, the other guard ends.
        const auto first = starts.lower_bound(base);
        if (first != starts.end() && *first < base + bytes) {
            EXPECT_EQ(std::count(all.guards.begin(), all.guards.end(), *first - 4096), 1);
        }
    }
    put(list, blocks);
    EXPECT_TRUE(list.valid());
}

TEST(guards_not_asked_for, cost_no_page) {
    slab_list_on<cenote::vm_source> list{runtime_geometry{64, 64}, growth::unlimited(), cenote::vm_source{}};
    const std::byte* const first = grow_and_take(list, 1).front();
    EXPECT_LT(address_of(first) % 4096, 4096U - 64U) << "the first block is not in the header's page";
    EXPECT_NE(address_of(first) % 4096, 0U);
}

} // namespace
} // namespace cenote_test
