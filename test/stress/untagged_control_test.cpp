// The textbook's lock-free list, without a tag, as the negative control: the schedule that tags are there for is
// played out by hand, step by step, on both lists. The untagged one must hand a block out twice, or the schedule
// proves nothing; the tagged one must not.
#include "cenote/freelist/tagged_stack.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

namespace cenote_test {
namespace {

using cenote::detail::packed_head;
using cenote::detail::tagged_link;

// As packed_head, with no tag in it: all of the textbook's list.
class untagged_head {
public:
    struct value {
        tagged_link* top;
        std::uint64_t tag;
    };
    value load() const noexcept { return {top_.load(), 0}; }
    bool swap(value& seen, tagged_link* top) noexcept { return top_.compare_exchange_strong(seen.top, top); }

private:
    std::atomic<tagged_link*> top_{nullptr};
};

// The list's two operations over a head that can be stopped between reading and swapping.
template <class Head>
struct list {
    Head head;
    void push(tagged_link& one) {
        auto seen = head.load();
        do
            one.next = seen.top;
        while (!head.swap(seen, &one));
    }
    tagged_link* pop() {
        auto seen = head.load();
        while (seen.top != nullptr && !head.swap(seen, seen.top->next))
            ;
        return seen.top;
    }
};

// Thread 1 reads the head a and its next b, and is stopped. Thread 2 pops a, pops b and keeps it, pushes a. Thread 1 goes
// on. True if the list now says that b, which thread 2 owns, is free.
template <class Head>
bool hands_out_an_owned_block() {
    std::array<tagged_link, 3> blocks;
    auto& [a, b, c] = blocks;
    list<Head> free;
    free.push(c);
    free.push(b);
    free.push(a);

    auto seen = free.head.load();
    tagged_link* const next = seen.top->next;

    EXPECT_EQ(free.pop(), &a);
    EXPECT_EQ(free.pop(), &b);
    free.push(a);

    (void)free.head.swap(seen, next);
    return free.pop() == &b;
}

TEST(aba, makes_the_untagged_list_hand_out_an_owned_block) {
    EXPECT_TRUE(hands_out_an_owned_block<untagged_head>());
}
TEST(aba, does_not_deceive_the_packed_head) { EXPECT_FALSE(hands_out_an_owned_block<packed_head>()); }
#if CENOTE_CAS16
TEST(aba, does_not_deceive_the_wide_head) {
    EXPECT_FALSE(hands_out_an_owned_block<cenote::detail::wide_head>());
}
#endif

} // namespace
} // namespace cenote_test
