#include "heap/guarded_store.hpp"

#include "cenote/base/bits.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <unistd.h>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::detail;

// Whether a byte may be read, as the kernel sees it.
bool may_be_read(const void* p) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const bool may = ::write(ends[1], p, 1) == 1;
    ::close(ends[0]);
    ::close(ends[1]);
    return may;
}

class a_guarded_store : public ::testing::Test {
protected:
    ~a_guarded_store() override {
        EXPECT_TRUE(store.valid());
        store.release_all();
        EXPECT_EQ(from.held(), 0U);
        map->release_all();
    }

    std::byte* take(std::size_t size, std::size_t alignment = 16, bool at_end = true) {
        return static_cast<std::byte*>(store.take(size, alignment, at_end, nullptr));
    }
    void give(void* p) { store.give(p, nullptr); }
    // All guarded blocks lie in OS pages of their own.
    static std::byte* page_of(std::byte* p) { return p - address_of(p) % cenote::vm::page_size(); }

    std::unique_ptr<segment_map> map = std::make_unique<segment_map>();
    supply from;
    guarded_store store{*map, from};
    const std::size_t page = cenote::vm::page_size();
};

TEST_F(a_guarded_store, takes_nothing_before_the_first_block) {
    EXPECT_EQ(from.held(), 0U);
    EXPECT_EQ(store.bytes_of(this), 0U);
    EXPECT_FALSE(store.holds(this));
    EXPECT_TRUE(store.has_place(1));
}

TEST_F(a_guarded_store, block_lies_at_the_end_of_its_page_as_far_as_its_alignment_lets_it) {
    for (const std::size_t alignment : {1UL, 8UL, 16UL, 64UL, 1024UL}) {
        std::byte* const p = take(100, alignment);
        ASSERT_NE(p, nullptr);
        EXPECT_TRUE(is_aligned(p, alignment));
        EXPECT_LT(static_cast<std::size_t>(page_of(p) + page - (p + 100)), alignment);
        std::memset(p, 1, 100);
        EXPECT_FALSE(may_be_read(page_of(p) + page));
        EXPECT_FALSE(may_be_read(page_of(p) - 1));
        give(p);
    }
}

TEST_F(a_guarded_store, block_at_the_beginning_of_its_page_has_any_alignment) {
    std::byte* const p = take(100, page, false);
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(page_of(p), p);
    EXPECT_FALSE(may_be_read(p - 1));
    std::memset(p, 1, 100);
    give(p);
}

TEST_F(a_guarded_store, block_may_be_a_whole_page_and_not_more) {
    std::byte* const p = take(page);
    ASSERT_NE(p, nullptr);
    std::memset(p, 1, page);
    give(p);
    EXPECT_EQ(take(page + 1), nullptr);
    EXPECT_EQ(take(100, 2 * page), nullptr);
    EXPECT_FALSE(store.has_place(page + 1));
}

TEST_F(a_guarded_store, knows_its_blocks_and_their_sizes) {
    std::byte* const p = take(100);
    EXPECT_EQ(store.bytes_of(p), 100U);
    EXPECT_EQ(store.class_of(p), class_for(100));
    EXPECT_EQ(store.bytes_of(p + 16), 0U);
    EXPECT_EQ(map->kind_of(p), kind_guarded);
    EXPECT_TRUE(store.holds(p + page)); // a guard
    EXPECT_EQ(store.live(), 1U);
    EXPECT_EQ(store.live_bytes(), 100U);
    give(p);
    EXPECT_EQ(store.bytes_of(p), 0U);
    EXPECT_EQ(store.live(), 0U);
    EXPECT_EQ(store.taken(), 1U);
}

TEST_F(a_guarded_store, freed_block_is_forbidden_until_all_other_places_were_used) {
    store.set_places(8);
    std::byte* const first = page_of(take(1));
    ASSERT_NE(first, nullptr);
    give(first + page - 16);
    for (int i = 0; i != 7; ++i) {
        EXPECT_FALSE(may_be_read(first));
        std::byte* const other = take(1);
        EXPECT_NE(page_of(other), first);
        give(other);
    }
    EXPECT_EQ(page_of(take(1)), first);
    EXPECT_TRUE(may_be_read(first));
}

TEST_F(a_guarded_store, refuses_when_all_places_are_in_use_and_goes_on_later) {
    store.set_places(3);
    std::vector<std::byte*> blocks;
    for (int i = 0; i != 3; ++i)
        blocks.push_back(take(50));
    EXPECT_FALSE(store.has_place(1));
    EXPECT_EQ(take(50), nullptr);
    EXPECT_TRUE(store.valid());
    give(blocks[1]);
    EXPECT_TRUE(store.has_place(1));
    EXPECT_EQ(page_of(take(50)), page_of(blocks[1]));
}

TEST_F(a_guarded_store, is_refused_by_the_limit_for_good) {
    from.set_limit(4096);
    EXPECT_EQ(take(1), nullptr);
    EXPECT_FALSE(store.has_place(1));
    EXPECT_EQ(from.held(), 0U);
}

TEST_F(a_guarded_store, gives_back_the_pages_of_freed_blocks) {
    std::vector<std::byte*> blocks;
    for (int i = 0; i != 10; ++i)
        blocks.push_back(take(50));
    for (int i = 0; i != 9; ++i)
        give(blocks[static_cast<std::size_t>(i)]);
    EXPECT_EQ(store.trim(), 9 * page);
    EXPECT_EQ(store.trim(), 0U);
    std::memset(blocks[9], 1, 50);
}

TEST_F(a_guarded_store, memory_for_the_usual_number_of_places_is_bounded) {
    ASSERT_NE(take(1), nullptr);
    // A page and a guard for each, and what is known of them.
    EXPECT_LE(from.held(), guarded_store::usual_places * 2 * page + 128 * 1024);
}

TEST_F(a_guarded_store, tells_at_the_free_that_something_was_written_before_a_block) {
    std::byte* const p = take(100);
    ASSERT_GT(p, page_of(p) + 8);
    const auto underflow = [&] {
        p[-3] = std::byte{1};
        give(p);
    };
    EXPECT_DEATH(underflow(),
                 "underflow: 3 bytes before a block of 100 bytes at 0x[0-9a-f]+ were written to");
    give(p);
}

} // namespace
} // namespace cenote_test
