#include "cenote/freelist/tagged_stack.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace cenote_test {
namespace {

using namespace cenote::detail;

template <class Head>
class tagged_stacks : public ::testing::Test {
protected:
    tagged_stack<Head> stack;
    std::array<tagged_link, 5> links;
};
#if CENOTE_CAS16
using heads = ::testing::Types<packed_head, wide_head>;
#else
using heads = ::testing::Types<packed_head>;
#endif
TYPED_TEST_SUITE(tagged_stacks, heads);

TYPED_TEST(tagged_stacks, are_empty_at_first) {
    EXPECT_EQ(this->stack.pop(), nullptr);
    EXPECT_EQ(this->stack.top(), nullptr);
    EXPECT_EQ(this->stack.count(10), 0U);
}

TYPED_TEST(tagged_stacks, are_last_in_first_out) {
    for (tagged_link& l : this->links)
        this->stack.push(l);
    EXPECT_EQ(this->stack.count(10), 5U);
    EXPECT_EQ(this->stack.count(3), 3U);
    for (std::size_t i = 5; i-- != 0;) {
        EXPECT_EQ(this->stack.top(), &this->links[i]);
        EXPECT_EQ(this->stack.pop(), &this->links[i]);
    }
    EXPECT_EQ(this->stack.pop(), nullptr);
}

TYPED_TEST(tagged_stacks, take_a_chain_in_one_step) {
    this->stack.push(this->links[4]);
    for (std::size_t i = 0; i != 3; ++i)
        this->links[i].next = &this->links[i + 1];
    this->stack.push(this->links[0], this->links[3]);
    for (tagged_link& l : this->links)
        EXPECT_EQ(this->stack.pop(), &l);
    EXPECT_EQ(this->stack.pop(), nullptr);
}

TYPED_TEST(tagged_stacks, have_another_tag_after_each_change) {
    TypeParam head;
    std::uint64_t before = head.load().tag;
    for (int i = 0; i != 100; ++i) {
        auto seen = head.load();
        ASSERT_TRUE(head.swap(seen, &this->links[0]));
        EXPECT_NE(head.load().tag, before);
        before = head.load().tag;
    }
}

TYPED_TEST(tagged_stacks, say_what_is_there_when_a_swap_fails) {
    TypeParam head;
    auto seen = head.load();
    auto old = seen;
    ASSERT_TRUE(head.swap(seen, &this->links[1]));
    EXPECT_FALSE(head.swap(old, &this->links[2]));
    EXPECT_EQ(old.top, &this->links[1]);
    EXPECT_EQ(old.tag, head.load().tag);
    EXPECT_TRUE(head.swap(old, &this->links[2]));
    EXPECT_EQ(head.load().top, &this->links[2]);
}

TEST(packed_head, holds_the_highest_and_the_lowest_address) {
    for (const std::uintptr_t address :
         {std::uintptr_t{8}, std::uintptr_t{0x7FFFFFFFFFF8}, std::uintptr_t{0xFFFFFFFFFFF8}}) {
        packed_head head;
        auto* const link = reinterpret_cast<tagged_link*>(address);
        for (int i = 0; i != 600'000; ++i) { // the tag comes round once
            auto seen = head.load();
            ASSERT_TRUE(head.swap(seen, link));
        }
        EXPECT_EQ(head.load().top, link);
    }
}

} // namespace
} // namespace cenote_test
