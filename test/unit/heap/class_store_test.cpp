#include "unit/support/heap_parts.hpp"

#include "cenote/base/bits.hpp"
#include "cenote/base/poison.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::detail;

// As a heap does it that hands the block out.
void write(std::byte* block, std::size_t bytes, unsigned char value) {
    cenote::detail::unpoison(block, bytes);
    fill_with(block, bytes, value);
}

class class_store_of : public ::testing::Test {
protected:
    using blocks = std::vector<std::byte*>;

    explicit class_store_of(std::size_t size = 64) : c(class_for(size)) { open(); }
    void open() { store.open(c, ground.units, ground.from); }
    ~class_store_of() override {
        EXPECT_TRUE(store.slabs().valid());
        store.release_all(c);
    }

    blocks take(std::size_t want) {
        blocks all;
        while (all.size() != want) {
            blocks some(want - all.size());
            const std::size_t got = store.take(some.data(), some.size(), some.size());
            if (got == 0) break;
            all.insert(all.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(got));
        }
        return all;
    }
    put_result put(const blocks& all) { return store.put(all.data(), all.size()).result; }
    bool put_batch(const blocks& all) { return store.put_batch(c, all.data(), all.size()); }

    unit_ground ground;
    size_class c;
    class_store store;
};

TEST_F(class_store_of, blocks_hands_out_each_once) {
    const blocks all = take(5000);
    ASSERT_EQ(all.size(), 5000U);
    EXPECT_EQ(std::set<std::byte*>(all.begin(), all.end()).size(), 5000U);
    for (std::byte* const p : all) {
        EXPECT_TRUE(is_aligned(p, class_alignment(c)));
        EXPECT_EQ(ground.map->kind_of(p), c);
    }
    EXPECT_EQ(store.slabs().taken(), 5000U);
    EXPECT_EQ(put(all), put_result::ok);
    EXPECT_EQ(store.slabs().taken(), 0U);
    EXPECT_EQ(put({all[7]}), put_result::already_free);
}

TEST_F(class_store_of, depot_hands_out_what_it_got_as_it_was) {
    const blocks all = take(100);
    ASSERT_TRUE(put_batch(all));
    EXPECT_EQ(store.in_depot(), 100U);
    EXPECT_TRUE(store.depot_holds(all[42]));
    EXPECT_EQ(store.slabs().taken(), 100U) << "the bitmaps know nothing of it";
    EXPECT_EQ(store.loose, 0U);
    blocks again(100);
    ASSERT_EQ(store.take(again.data(), 1, 100), 100U) << "a whole batch where there is room";
    EXPECT_EQ(again, all);
    EXPECT_EQ(store.in_depot(), 0U);
    EXPECT_FALSE(store.depot_holds(all[42]));
    const blocks one = take(1);
    ASSERT_EQ(one.size(), 1U) << "the depot is empty: from the bitmaps";
    put(one);
    put(all);
}

TEST_F(class_store_of, depot_hands_out_a_part_where_the_whole_does_not_fit) {
    const blocks all = take(100);
    put_batch(all);
    blocks some(30);
    ASSERT_EQ(store.take(some.data(), 30, 30), 30U);
    EXPECT_EQ(store.in_depot(), 70U);
    for (std::byte* const p : some)
        EXPECT_FALSE(store.depot_holds(p));
    blocks rest(70);
    ASSERT_EQ(store.take(rest.data(), 70, 70), 70U);
    const blocks one = take(1);
    ASSERT_EQ(one.size(), 1U) << "the depot is empty: from the bitmaps";
    put(one);
    some.insert(some.end(), rest.begin(), rest.end());
    EXPECT_EQ(std::set<std::byte*>(some.begin(), some.end()), std::set<std::byte*>(all.begin(), all.end()));
    put(all);
}

TEST_F(class_store_of, depot_has_room_for_some_and_then_none) {
    const blocks all = take(10 * (class_store::depot_batches + 1));
    const auto batch = [&](std::size_t i) {
        return blocks(all.begin() + static_cast<std::ptrdiff_t>(10 * i),
                      all.begin() + static_cast<std::ptrdiff_t>(10 * i + 10));
    };
    for (std::size_t i = 0; i != class_store::depot_batches; ++i)
        EXPECT_TRUE(put_batch(batch(i)));
    EXPECT_FALSE(put_batch(batch(class_store::depot_batches)));
    EXPECT_EQ(store.in_depot(), 10 * class_store::depot_batches);
    EXPECT_EQ(store.empty_depot().result, put_result::ok);
    EXPECT_EQ(store.in_depot(), 0U);
    EXPECT_EQ(store.slabs().taken(), 10U);
    EXPECT_EQ(store.loose, 10 * class_store::depot_batches * class_size(c));
    put(batch(class_store::depot_batches));
}

TEST_F(class_store_of, depot_finds_double_frees_when_emptied) {
    const blocks all = take(10);
    put(all);
    put_batch({all[3]});
    const auto outcome = store.empty_depot();
    EXPECT_EQ(outcome.result, put_result::already_free);
    EXPECT_EQ(outcome.block, all[3]);
}

TEST_F(class_store_of, loose_counts_what_came_back_and_was_not_taken_again) {
    const blocks all = take(1000);
    EXPECT_EQ(store.loose, 0U);
    put(blocks(all.begin(), all.begin() + 600));
    EXPECT_EQ(store.loose, 600 * class_size(c));
    blocks again = take(200);
    EXPECT_EQ(store.loose, 400 * class_size(c));
    again.insert(again.end(), all.begin() + 600, all.end());
    put(again);
    EXPECT_EQ(store.loose, 1000 * class_size(c));
    (void)store.trim();
    EXPECT_EQ(store.loose, 0U);
}

TEST_F(class_store_of, what_is_loose_is_idle_as_far_as_it_was_not_used_since_the_mark) {
    const std::size_t each = class_size(c);
    const blocks all = take(1000);
    store.mark();
    put(all);
    EXPECT_TRUE(store.is_idle()) << "nothing was taken since the mark";
    put(take(1));
    EXPECT_FALSE(store.is_idle());
    EXPECT_EQ(store.idle(), 0U) << "all of it was in use at the mark";
    store.mark();
    EXPECT_EQ(store.idle(), 1000 * each);
    put(take(300));
    EXPECT_EQ(store.idle(), 700 * each);
    put(take(900));
    EXPECT_EQ(store.idle(), 0U) << "a hundred are not worth a walk";
}

TEST_F(class_store_of, a_trim_in_part_gives_what_is_taken_last_and_leaves_the_rest_loose) {
    const std::size_t each = class_size(c);
    const blocks all = take(4000);
    put(blocks(all.begin() + 1, all.end() - 1)); // a live block in each segment
    const std::size_t half = 2000 * each;
    const std::size_t given = store.trim(half);
    EXPECT_GE(given, half);
    EXPECT_LT(given, 3500 * each);
    EXPECT_EQ(store.loose, 3998 * each - half);
    EXPECT_EQ(store.stuck, 0U);
    EXPECT_TRUE(store.is_idle()) << "the mark is new";
    put({all.front(), all.back()});
}

// What a trim in part leaves is never forgotten, whatever was counted.
TEST_F(class_store_of, after_trims_in_part_a_whole_one_gives_all) {
    const std::size_t each = class_size(c);
    put(take(4000));
    for (const std::size_t most : {2000 * each, 10'000 * each})
        (void)store.trim(most);
    EXPECT_TRUE(store.has_loose());
    (void)store.trim();
    EXPECT_EQ(store.slabs().capacity(), 0U);
}

TEST_F(class_store_of, an_empty_segment_counts_as_far_as_it_was_opened) {
    const std::size_t each = class_size(c);
    const blocks all = take(1200);
    put(blocks(all.begin() + 1, all.end()));
    EXPECT_GT(store.trim(each), 1200 * each) << "a whole segment";
    EXPECT_GT(store.loose, 0U) << "of the first one";
    put({all.front()});
}

TEST_F(class_store_of, stuck_counts_what_a_trim_had_to_leave) {
    const blocks all = take(4000);
    blocks most;
    for (std::size_t i = 0; i != all.size(); ++i)
        if (i % 8 != 0) most.push_back(all[i]); // none of the OS pages becomes free
    put(most);
    EXPECT_EQ(store.trim(), 0U);
    EXPECT_EQ(store.stuck, most.size() * class_size(c));
    const blocks again = take(100);
    EXPECT_EQ(store.stuck, (most.size() - 100) * class_size(c)) << "what is taken again is not stuck";
    blocks rest = again;
    for (std::size_t i = 0; i < all.size(); i += 8)
        rest.push_back(all[i]);
    put(rest);
    EXPECT_GT(store.trim(), 0U);
    EXPECT_EQ(store.stuck, 0U) << "nothing is taken, nothing is left";
    EXPECT_EQ(store.slabs().capacity(), 0U);
    ground.units.purge();
    EXPECT_EQ(ground.from.held(), 0U);
}

TEST_F(class_store_of, trims_that_give_pages_back_keep_the_live) {
    const blocks all = take(20'000);
    for (std::byte* const p : all)
        write(p, class_size(c), 0x77);
    put(blocks(all.begin() + 1, all.end()));
    EXPECT_GT(store.trim(), 15'000 * class_size(c));
    EXPECT_TRUE(all_are(all[0], class_size(c), 0x77));
    EXPECT_TRUE(store.slabs().valid());
    const blocks again = take(20'000);
    EXPECT_EQ(std::set<std::byte*>(again.begin(), again.end()).count(all[0]), 0U);
    put(again);
    put({all[0]});
}

TEST_F(class_store_of, counts_refills_and_flushes) {
    blocks all = take(10);
    EXPECT_EQ(store.refills, 1U);
    put(all);
    EXPECT_EQ(store.flushes, 1U);
    all = take(10);
    put_batch(all);
    EXPECT_EQ(store.flushes, 2U);
    put(take(10));
    EXPECT_EQ(store.refills, 3U);
}

TEST_F(class_store_of, refused_gives_0_and_works_again) {
    ground.from.set_limit(0);
    std::byte* p = nullptr;
    EXPECT_EQ(store.take(&p, 1, 1), 0U);
    EXPECT_TRUE(store.slabs().valid());
    EXPECT_EQ(store.slabs().taken(), 0U);
    ground.from.set_limit(16_MiB);
    const blocks all = take(400'000);
    EXPECT_LT(all.size(), 16_MiB / class_size(c)) << "the limit holds";
    EXPECT_GT(all.size(), 8_MiB / class_size(c)) << "and most of what it allows is used";
    EXPECT_EQ(put(all), put_result::ok);
}

TEST(class_stores, of_every_class_serve_more_than_their_first_segment) {
    unit_ground ground;
    for (size_class c = 1; c <= last_class; ++c) {
        class_store store;
        EXPECT_FALSE(store.is_open());
        store.open(c, ground.units, ground.from);
        EXPECT_TRUE(store.is_open());
        std::set<std::byte*> all;
        while (all.size() * class_size(c) < 300_KiB) {
            std::byte* some[16];
            const std::size_t got = store.take(some, 16, 16);
            ASSERT_NE(got, 0U);
            for (std::size_t i = 0; i != got; ++i) {
                ASSERT_TRUE(all.insert(some[i]).second);
                ASSERT_TRUE(is_aligned(some[i], class_alignment(c)));
                write(some[i], class_size(c), 1);
            }
        }
        EXPECT_TRUE(store.slabs().valid());
        store.release_all(c); // with all of them live
        EXPECT_FALSE(store.is_open());
    }
}

// Pieces that follow each other without a gap, of which parts are given back one by one.
class neighbours {
public:
    void* allocate(std::size_t bytes, std::size_t) noexcept {
        EXPECT_EQ(bytes, shared_segment_bytes);
        if (dealt_ == pieces) return nullptr;
        return memory_->at(dealt_++).bytes;
    }
    void deallocate(void*, std::size_t, std::size_t) noexcept {}
    std::size_t decommit(void* p, std::size_t bytes) noexcept {
        const std::uintptr_t first = address_of(p);
        EXPECT_EQ(round_down(first, shared_segment_bytes),
                  round_down(first + bytes - 1, shared_segment_bytes))
            << "part of two allocations";
        decommitted += bytes;
        return bytes;
    }
    std::size_t decommitted = 0;

private:
    static constexpr std::size_t pieces = 2;
    struct alignas(shared_segment_bytes) piece {
        std::byte bytes[shared_segment_bytes];
    };
    std::unique_ptr<std::array<piece, pieces>> memory_{new std::array<piece, pieces>};
    std::size_t dealt_ = 0;
};

TEST(class_store, decommits_where_segments_meet_in_two) {
    neighbours source;
    unit_ground ground{source};
    (void)ground.units.take(units_per_segment - 2, 1, kind_large, kind_inner);
    void* const wall =
        ground.units.take(units_per_segment - 3, 1, kind_large, kind_inner).base; // in the second
    ASSERT_NE(wall, nullptr);
    ground.units.give(wall, units_per_segment - 3);
    constexpr size_class c = last_class;
    class_store store;
    store.open(c, ground.units, ground.from);
    std::byte* blocks[4];
    ASSERT_EQ(store.take(blocks, 4, 4), 4U); // a segment of five units, two of them in the first piece
    ASSERT_NE(round_down(address_of(blocks[0]), shared_segment_bytes),
              round_down(address_of(blocks[3]), shared_segment_bytes));
    store.put(blocks, 3);
    store.trim();
    EXPECT_GE(source.decommitted, 2 * class_size(c));
    store.put(blocks + 3, 1);
    store.release_all(c);
}

} // namespace
} // namespace cenote_test
