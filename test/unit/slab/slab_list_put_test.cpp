// What a slab list takes back, and what it answers about pointers that are none of its taken blocks.
#include "cenote/slab/slab_list.hpp"

#include "unit/support/slab_lists.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::literals;

// 65 blocks of 1000 bytes and 536 bytes of rest in a slab.
const runtime_geometry blocks_of_1000{1000, 8};

// A first segment of 130 blocks, and a second one; every block of both taken.
struct putting : ::testing::Test {
    putting() {
        EXPECT_TRUE(list.grow(130));
        blocks = take(list, list.capacity());
        const std::vector<std::byte*> more = grow_and_take(list, 100);
        blocks.insert(blocks.end(), more.begin(), more.end());
    }
    std::byte* in_first() const { return blocks.front(); }
    std::byte* in_second() const { return blocks.back(); }

    // Neither a taken block nor the start of one, and putting it changes nothing.
    void expect_refused(const void* p, put_result result) {
        const std::size_t taken = list.taken();
        EXPECT_EQ(try_put(list, p), result) << p;
        EXPECT_FALSE(list.is_taken(p)) << p;
        EXPECT_EQ(list.taken(), taken);
        EXPECT_TRUE(list.valid()) << p;
    }
    void expect_foreign(const void* p) {
        EXPECT_FALSE(list.contains(p)) << p;
        expect_refused(p, put_result::foreign);
    }

    ledger books;
    slab_list list{blocks_of_1000, growth::unlimited().steps(140'000, 256_KiB), ledger_source{books}};
    std::vector<std::byte*> blocks;
};

TEST_F(putting, every_block_in_any_order_makes_it_free) {
    std::reverse(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(blocks.size() / 2));
    for (std::byte* const p : blocks) {
        ASSERT_TRUE(list.is_taken(p));
        ASSERT_EQ(try_put(list, p), put_result::ok);
        ASSERT_FALSE(list.is_taken(p));
        ASSERT_TRUE(list.contains(p)) << "free, but a block of the list";
    }
    EXPECT_EQ(list.taken(), 0U);
    EXPECT_TRUE(list.valid());
}

TEST_F(putting, many_at_once_equals_putting_one_by_one) {
    put(list, blocks);
    EXPECT_EQ(list.taken(), 0U);
    EXPECT_TRUE(list.valid());
    EXPECT_TRUE(taken_blocks(list).empty());
}

TEST_F(putting, none_is_fine) {
    EXPECT_EQ(list.put(nullptr, 0).result, put_result::ok);
    EXPECT_EQ(list.taken(), blocks.size());
}

TEST_F(putting, pointers_from_elsewhere_is_foreign) {
    const int on_the_stack = 0;
    static const int in_static_memory = 0;
    const std::vector<int> on_the_heap(100);
    expect_foreign(&on_the_stack);
    expect_foreign(&in_static_memory);
    expect_foreign(on_the_heap.data());
    expect_foreign(nullptr);
    expect_foreign(reinterpret_cast<const void*>(std::uintptr_t{8}));
    expect_foreign(reinterpret_cast<const void*>(~std::uintptr_t{0}));
}

TEST_F(putting, a_block_of_another_list_is_foreign) {
    slab_list other{blocks_of_1000, growth::unlimited().steps(140'000, 256_KiB), ledger_source{books}};
    for (std::byte* const p : grow_and_take(other, 300))
        expect_foreign(p);
}

TEST_F(putting, a_pointer_into_a_header_is_foreign) {
    for (const auto& [piece, taken] : books.out()) {
        const auto* const first = static_cast<const std::byte*>(piece);
        for (std::size_t offset = 0; offset != 1000; offset += 8)
            if (std::find(blocks.begin(), blocks.end(), first + offset) == blocks.end())
                expect_foreign(first + offset);
    }
}

TEST_F(putting, a_pointer_right_before_or_behind_a_segment_is_foreign) {
    for (const auto& [piece, taken] : books.out()) {
        const std::uintptr_t first = cenote::detail::address_of(piece);
        expect_foreign(reinterpret_cast<const void*>(first - 1));
        if (!books.inside(reinterpret_cast<const void*>(first + taken.bytes), 1))
            expect_foreign(reinterpret_cast<const void*>(first + taken.bytes));
    }
}

TEST_F(putting, a_pointer_into_a_block_is_not_a_block) {
    for (const std::byte* const p : {in_first(), in_second()})
        for (const std::size_t offset : {1U, 8U, 64U, 512U, 999U}) {
            EXPECT_FALSE(list.contains(p + offset));
            expect_refused(p + offset, put_result::not_a_block);
        }
}

TEST_F(putting, a_pointer_into_the_rest_of_a_slab_is_not_a_block) {
    const std::byte* const rest = in_first() + blocks_of_1000.blocks_per_slab() * blocks_of_1000.block_size();
    ASSERT_EQ(blocks_of_1000.stride() - 65'000, 536U);
    for (std::size_t offset = 0; offset < 536; offset += 8) {
        EXPECT_FALSE(list.contains(rest + offset));
        expect_refused(rest + offset, put_result::not_a_block);
    }
}

TEST_F(putting, a_free_block_is_noticed) {
    for (std::byte* const p : {in_first(), in_second()}) {
        put_one(list, p);
        expect_refused(p, put_result::already_free);
        EXPECT_TRUE(list.contains(p));
    }
}

TEST_F(putting, a_block_twice_in_one_go_is_noticed_at_the_second) {
    std::byte* const twice[] = {blocks[5], blocks[6], blocks[5]};
    const auto stopped = list.put(twice, 3);
    EXPECT_EQ(stopped.result, put_result::already_free);
    EXPECT_EQ(stopped.block, blocks[5]);
}

TEST_F(putting, many_stops_at_the_first_that_is_no_taken_block_with_those_before_it_freed) {
    std::byte* const some[] = {blocks[0], blocks[200], blocks[9] + 8, blocks[10]};
    const auto stopped = list.put(some, 4);
    EXPECT_EQ(stopped.result, put_result::not_a_block);
    EXPECT_EQ(stopped.block, blocks[9] + 8);
    EXPECT_FALSE(list.is_taken(blocks[0]));
    EXPECT_FALSE(list.is_taken(blocks[200]));
    EXPECT_TRUE(list.is_taken(blocks[10]));
    EXPECT_EQ(list.taken(), blocks.size() - 2);
    EXPECT_TRUE(list.valid());
}

TEST_F(putting, a_block_that_was_never_opened_is_refused) {
    const std::byte* const unopened = in_second() + 2 * blocks_of_1000.stride();
    ASSERT_TRUE(books.inside(unopened, 1000));
    EXPECT_FALSE(list.contains(unopened));
    const std::size_t taken = list.taken();
    EXPECT_NE(try_put(list, unopened), put_result::ok);
    EXPECT_EQ(list.taken(), taken);
    EXPECT_TRUE(list.valid());
}

// The first segment ends somewhere in a slab; behind its last block there may be room for others that do not
// exist.
TEST(putting_behind_the_last_block, of_the_first_segment_is_refused) {
    std::size_t tried = 0;
    for (std::size_t first_bytes = 60'000; first_bytes < 80'000; first_bytes += 500) {
        ledger books;
        slab_list list{{16, 16}, growth::unlimited().steps(first_bytes, 1), ledger_source{books}};
        ASSERT_TRUE(list.grow(1));
        const std::vector<std::byte*> blocks = take(list, list.capacity());
        for (const std::byte* p = blocks.back() + 16; books.inside(p, 1); p += 16, ++tried) {
            ASSERT_FALSE(list.contains(p));
            ASSERT_NE(try_put(list, p), put_result::ok)
                << first_bytes << ", " << p - blocks.back() << " bytes behind";
        }
        EXPECT_TRUE(list.valid());
    }
    EXPECT_GT(tried, 50U);
}

// The last segment before a limit is as short as it can be; the memory behind it is somebody else's.
TEST(putting_behind_the_last_block, of_a_short_segment_is_refused) {
    ledger books;
    const runtime_geometry g{1024, 16};
    const std::size_t in_first = 64 * g.blocks_per_slab();
    slab_list list{g, growth::fixed(in_first + 100).steps(1, 256_KiB), ledger_source{books}};
    ASSERT_TRUE(list.grow(1));
    ASSERT_EQ(list.segments(), 2U);
    take(list, list.capacity());
    const auto is_short = [](const auto& piece) { return piece.second.alignment == 256_KiB; };
    const auto found = std::find_if(books.out().begin(), books.out().end(), is_short);
    ASSERT_NE(found, books.out().end());
    ASSERT_LT(found->second.bytes, 200_KiB);
    const auto* const window = static_cast<const std::byte*>(found->first);
    for (std::size_t offset = cenote::detail::round_up(found->second.bytes, 1024); offset < 256_KiB;
         offset += 1024) {
        ASSERT_FALSE(list.contains(window + offset));
        ASSERT_NE(try_put(list, window + offset), put_result::ok) << offset;
    }
    EXPECT_TRUE(list.valid());
}

} // namespace
} // namespace cenote_test
