// A slab list against a std::set: random operations, and after each of them the two have to agree.
#include "cenote/slab/slab_list.hpp"

#include "unit/support/slab_lists.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <set>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::literals;
using block_set = std::set<std::byte*>;

class random_choice {
public:
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_()) % n; }
    std::vector<std::byte*> some_of(const block_set& blocks, std::size_t n) {
        std::vector<std::byte*> all{blocks.begin(), blocks.end()};
        std::shuffle(all.begin(), all.end(), engine_);
        all.resize(std::min(n, all.size()));
        return all;
    }

private:
    std::mt19937_64 engine_{20'240'601};
};

// One segment with a known set of blocks: which block comes next is known exactly.
void expect_lowest_first(const runtime_geometry& g, std::size_t blocks) {
    SCOPED_TRACE(::testing::Message() << g.block_size() << " bytes at " << g.alignment());
    ledger books;
    slab_list list{g, growth::fixed(blocks), ledger_source{books}};
    ASSERT_TRUE(list.grow(1));
    ASSERT_EQ(list.segments(), 1U);
    const std::vector<std::byte*> all = take(list, blocks);
    block_set free{all.begin(), all.end()};
    ASSERT_EQ(free.size(), blocks);
    block_set taken;
    list.forget_all(growth::no_limit);

    random_choice random;
    for (int step = 0; step != 1500; ++step) {
        const std::size_t n = 1 + random.below(step % 3 == 0 ? 3 : 200);
        if (step % 400 == 399) {
            list.forget_all(growth::no_limit);
            free.insert(taken.begin(), taken.end());
            taken.clear();
        } else if (random.below(2) == 0) {
            const std::vector<std::byte*> got = take(list, n);
            ASSERT_EQ(got.size(), std::min(n, free.size()));
            for (std::byte* const p : got) {
                ASSERT_EQ(p, *free.begin()) << "not the lowest";
                free.erase(free.begin());
                taken.insert(p);
            }
        } else {
            const std::vector<std::byte*> back = random.some_of(taken, n);
            put(list, back);
            for (std::byte* const p : back) {
                taken.erase(p);
                free.insert(p);
            }
        }
        ASSERT_EQ(list.taken(), taken.size());
        ASSERT_TRUE(list.valid());
    }
    EXPECT_EQ(taken_blocks(list), taken);
}

TEST(slab_list_model, hands_out_the_lowest_block_of_a_segment_first) {
    expect_lowest_first({64, 16}, 700);         // less than a slab
    expect_lowest_first({64, 16}, 1024);        // just one
    expect_lowest_first({1000, 8}, 3 * 65 + 7); // several, with a rest, the last not whole
    expect_lowest_first({4096, 4096}, 100);     // slabs of less than a word
    expect_lowest_first(small_blocks, 9000);    // slabs of 64 words
}

// Many segments that come and go. Which segment serves a take is its own affair; everything else is checked.
template <class List>
class modelled {
public:
    modelled(List& list, ledger& books) : list_(list), books_(books) {}

    void step() {
        switch (random_.below(12)) {
        case 0:
            return trim();
        case 1:
            return random_.below(8) == 0 ? forget_all() : grow();
        case 2:
        case 3:
            return grow();
        case 4:
        case 5:
        case 6:
        case 7:
            return take_some();
        default:
            return put_some();
        }
    }
    void expect_agreement() {
        ASSERT_EQ(list_.taken(), taken_.size());
        ASSERT_GE(list_.capacity(), list_.taken());
        ASSERT_EQ(list_.bytes(), books_.bytes());
        ASSERT_TRUE(list_.valid());
    }
    void expect_same_blocks() { ASSERT_EQ(taken_blocks(list_), taken_); }
    void put_all() { put(list_, random_.some_of(taken_, taken_.size())), taken_.clear(); }

private:
    std::size_t some() { return 1 + random_.below(2 * list_.geometry().blocks_per_slab()); }

    void grow() {
        if (taken_.size() > 20 * list_.geometry().blocks_per_slab()) return put_some();
        const std::size_t n = some();
        ASSERT_TRUE(list_.grow(n));
        ASSERT_GE(list_.capacity(), list_.taken() + n);
    }
    void take_some() {
        const std::size_t n = some();
        const std::size_t free = list_.capacity() - list_.taken();
        const std::vector<std::byte*> got = take(list_, n);
        ASSERT_EQ(got.size(), std::min(n, free)) << "has free blocks, does not hand them out";
        for (std::byte* const p : got) {
            ASSERT_TRUE(taken_.insert(p).second) << "handed out twice";
            ASSERT_TRUE(books_.inside(p, list_.geometry().block_size()));
        }
    }
    void put_some() {
        const std::vector<std::byte*> back = random_.some_of(taken_, some());
        for (std::byte* const p : back)
            ASSERT_TRUE(list_.is_taken(p));
        put(list_, back);
        for (std::byte* const p : back) {
            taken_.erase(p);
            ASSERT_FALSE(list_.is_taken(p));
        }
    }
    void trim() {
        const std::size_t bytes = books_.bytes();
        list_.trim();
        ASSERT_LE(books_.bytes(), bytes);
    }
    void forget_all() {
        const std::size_t limit =
            random_.below(3) == 0 ? growth::no_limit : random_.below(books_.bytes() + 1);
        list_.forget_all(limit);
        taken_.clear();
        ASSERT_LE(books_.bytes(), limit);
    }

    List& list_;
    ledger& books_;
    block_set taken_;
    random_choice random_;
};

template <class Geometry, class Source>
void expect_model(const Geometry& g, const growth& policy, int steps = 600) {
    SCOPED_TRACE(::testing::Message() << g.block_size() << " bytes at " << g.alignment());
    ledger books;
    cenote::detail::slab_list<Geometry, Source> list{g, policy, Source{books}};
    modelled model{list, books};
    for (int i = 0; i != steps; ++i) {
        model.step();
        if (!::testing::Test::HasFatalFailure()) model.expect_agreement();
        if (!::testing::Test::HasFatalFailure() && i % 20 == 0) model.expect_same_blocks();
        if (::testing::Test::HasFatalFailure()) return;
    }
    model.put_all();
    model.expect_agreement();
}

TEST(slab_list_model, agrees_with_a_set_over_many_segments) {
    const growth steps = growth::unlimited().steps(20'000, 1);
    expect_model<runtime_geometry, ledger_source>({512, 8}, steps);
    expect_model<runtime_geometry, ledger_source>({1000, 8}, steps);
    expect_model<runtime_geometry, ledger_source>({4096, 4096}, steps);
    expect_model<runtime_geometry, ledger_source>({9000, 64}, steps, 200);
}

TEST(slab_list_model, agrees_with_a_set_over_slabs_of_many_blocks) {
    expect_model<runtime_geometry, ledger_source>(small_blocks, small_steps(), 60);
}

TEST(slab_list_model, agrees_with_a_set_while_pages_go_back_and_forth) {
    expect_model<runtime_geometry, decommitting_ledger_source>({1000, 8}, small_steps());
}

TEST(slab_list_model, agrees_with_a_set_in_a_geometry_known_at_compile_time) {
    using geometry = cenote::detail::static_geometry<1000, 8>;
    expect_model<geometry, ledger_source>(geometry{}, small_steps());
}

} // namespace
} // namespace cenote_test
