// The map against a byte for each byte: how full squares are, which pages and slabs hold something.
#include "tool/view/decoded_map.hpp"
#include "tool/view/memory_map.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace cenote::tool {
namespace {

constexpr std::uint64_t slab = address_ranges::slab_bytes;

trace_survey survey_of(const std::vector<view_block>& blocks) {
    trace_survey result;
    for (const view_block& b : blocks) {
        result.all.add(b.address, b.end());
        if (b.size <= slab) result.small.add(b.address, b.end());
    }
    return result;
}

TEST(address_ranges, are_all_slabs_that_were_touched_and_as_few_ranges_as_they_make) {
    std::mt19937_64 random(5);
    for (int trial = 0; trial != 200; ++trial) {
        address_ranges ranges;
        std::set<std::uint64_t> touched;
        for (int i = 0; i != 30; ++i) {
            const std::uint64_t begin = random() % (100 * slab);
            const std::uint64_t end = begin + 1 + random() % (i % 5 == 0 ? 12 * slab : slab / 2);
            ranges.add(begin, end);
            for (std::uint64_t each = begin / slab; each <= (end - 1) / slab; ++each)
                touched.insert(each);
        }
        std::set<std::uint64_t> found;
        std::uint64_t before = 0;
        for (const auto& [begin, end] : ranges.slabs()) {
            ASSERT_TRUE(begin > before || found.empty());
            ASSERT_LT(begin, end);
            for (std::uint64_t each = begin; each != end; ++each)
                found.insert(each);
            before = end;
        }
        ASSERT_EQ(found, touched);
    }
}

TEST(memory_map, has_the_slabs_that_small_blocks_lie_in_and_leaves_gaps_out) {
    const std::vector<view_block> blocks{{.address = 5 * slab + 100, .size = 50},
                                         {.address = 6 * slab - 10, .size = 20}, // reaches into the next
                                         {.address = 90 * slab, .size = 1},
                                         {.address = 200 * slab, .size = 10 * slab}};
    const memory_map map(survey_of(blocks), 4096);
    EXPECT_EQ(map.slabs(), (std::vector<std::uint64_t>{5 * slab, 6 * slab, 90 * slab}));
    EXPECT_EQ(map.square_bytes(), 256U);
    EXPECT_EQ(map.squares(), 3U * 256U);
}

TEST(memory_map, has_large_blocks_alone_where_there_are_no_others) {
    const memory_map map(survey_of({{.address = 200 * slab, .size = 10 * slab}}), 4096);
    EXPECT_EQ(map.slabs().size(), 10U);
}

TEST(memory_map, has_larger_squares_where_there_would_be_too_many) {
    std::vector<view_block> blocks;
    for (std::uint64_t i = 0; i != 20'000; ++i)
        blocks.push_back({.address = i * 3 * slab, .size = 8});
    const memory_map map(survey_of(blocks), 4096);
    EXPECT_LE(map.squares(), memory_map::most_squares);
    EXPECT_GT(map.squares(), memory_map::most_squares / 4);
    EXPECT_EQ(map.square_bytes(), map.slab_bytes());
}

TEST(memory_map, bears_every_address_that_there_is) {
    std::mt19937_64 random(1);
    std::vector<view_block> blocks;
    for (int i = 0; i != 10'000; ++i)
        blocks.push_back({.address = random() >> random() % 64, .size = random() >> random() % 64});
    blocks.push_back({.address = 0, .size = ~std::uint64_t{0}});
    blocks.push_back({.address = ~std::uint64_t{0}, .size = 1});
    memory_map map(survey_of(blocks), 4096);
    EXPECT_LE(map.squares(), memory_map::most_squares);
    for (const view_block& b : blocks)
        map.add(b);
    map.take_moment();
    for (const view_block& b : blocks)
        map.remove(b);
    EXPECT_EQ(map.now().live, 0U);
    EXPECT_EQ(map.now().pages, 0U);
    EXPECT_EQ(map.now().slabs, 0U);
    map.take_moment();
    const auto moments = decoded_moments(map);
    ASSERT_EQ(moments.size(), 2U);
    EXPECT_EQ(moments[1], std::vector<unsigned>(map.squares(), 0));
}

// Blocks that do not overlap, as an allocator has them, in three areas.
class simple_allocator {
public:
    explicit simple_allocator(std::mt19937_64& random) : random_(random) {}

    view_block allocate() {
        const std::uint64_t size = random_() % 50 == 0 ? random_() % (3 * slab) : random_() % 3000;
        std::uint64_t& next = next_[random_() % next_.size()];
        const view_block b{.address = next, .size = size};
        next = b.end() + random_() % 64;
        return b;
    }

private:
    std::mt19937_64& random_;
    std::array<std::uint64_t, 3> next_{slab, 100 * slab + 123, 0x7f00'0000'0000};
};

TEST(memory_map, is_as_full_as_the_bytes_that_are_live) {
    std::mt19937_64 random(2);
    simple_allocator from(random);
    std::vector<view_block> all;
    for (int i = 0; i != 2000; ++i)
        all.push_back(from.allocate());
    memory_map map(survey_of(all), 4096);
    const std::uint64_t square = map.square_bytes();

    std::vector<view_block> live;
    std::vector<std::vector<unsigned>> expected;
    std::size_t next = 0;
    while (next != all.size()) {
        for (int i = 0; i != 200 && next != all.size(); ++i) {
            if (random() % 3 == 0 && !live.empty()) {
                std::swap(live[random() % live.size()], live.back());
                map.remove(live.back());
                live.pop_back();
            } else {
                map.add(all[next]);
                live.push_back(all[next++]);
            }
        }
        std::map<std::uint64_t, std::uint64_t> bytes; // by square
        std::set<std::uint64_t> pages;
        std::set<std::uint64_t> slabs;
        std::uint64_t sum = 0;
        for (const view_block& b : live) {
            sum += b.size;
            for (std::uint64_t at = b.address, next_square = 0; at < b.address + b.size; at = next_square) {
                next_square = (at / square + 1) * square;
                bytes[at / square] += std::min(next_square, b.address + b.size) - at;
            }
            for (std::uint64_t page = b.address / 4096; page <= (b.end() - 1) / 4096; ++page)
                pages.insert(page);
            for (std::uint64_t each = b.address / slab; each <= (b.end() - 1) / slab; ++each)
                slabs.insert(each);
        }
        ASSERT_EQ(map.now().live, sum);
        ASSERT_EQ(map.now().pages, pages.size() * 4096);
        ASSERT_EQ(map.now().slabs, slabs.size() * slab);
        std::vector<unsigned> levels;
        for (const std::uint64_t begin : map.slabs())
            for (std::uint64_t at = begin; at != begin + map.slab_bytes(); at += square) {
                const auto found = bytes.find(at / square);
                const std::uint64_t n = found == bytes.end() ? 0 : found->second;
                levels.push_back(n == 0 ? 0
                                        : std::max(1U, static_cast<unsigned>(n * memory_map::full / square)));
            }
        expected.push_back(levels);
        map.take_moment();
    }
    EXPECT_EQ(decoded_moments(map), expected);
}

} // namespace
} // namespace cenote::tool
