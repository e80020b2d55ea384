#include "tool/advise/sites.hpp"
#include "writing.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

namespace cenote::tool {
namespace {

// Stacks of one call each, at addresses where there is nothing: the place is the address.
class sites : public written_trace {
protected:
    void begin_with_stacks() {
        begin(1); // each allocation has a stack
        for (std::uint32_t n = 1; n != 5; ++n) {
            const std::array<std::uint64_t, 1> frames{0x1000 * n};
            writer().define_stack(n, frames);
        }
    }
    std::vector<call_site_use> read() {
        end();
        trace_reader trace(path_);
        return read_call_sites(trace);
    }
    static const call_site_use& of_size(const std::vector<call_site_use>& all, std::uint64_t size) {
        return *std::find_if(all.begin(), all.end(), [&](const call_site_use& s) { return s.size == size; });
    }
};

TEST_F(sites, without_stacks_there_are_none) {
    begin();
    allocate(10);
    EXPECT_TRUE(read().empty());
}

TEST_F(sites, objects_of_one_size_that_come_and_go_want_a_pool) {
    begin_with_stacks();
    std::array<std::uint64_t, 50> live{};
    for (std::size_t i = 0; i != 20'000; ++i) {
        std::uint64_t& place = live[i * 7 % live.size()];
        if (place != 0) free(place);
        place = allocate(48, 1);
    }
    const auto found = read();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].what, call_site_use::advice::pool);
    EXPECT_EQ(found[0].size, 48U);
    EXPECT_NEAR(found[0].objects, 20'000, 1);
    EXPECT_NEAR(found[0].share_of_size, 1, .001);
}

TEST_F(sites, objects_of_any_size_that_die_together_want_an_arena) {
    begin_with_stacks();
    for (int round = 0; round != 20; ++round) {
        std::vector<std::uint64_t> live;
        for (std::uint64_t i = 0; i != 1'000; ++i)
            live.push_back(allocate(10 + i % 300, 1));
        for (const std::uint64_t object : live)
            free(object);
    }
    const auto found = read();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].what, call_site_use::advice::arena);
    EXPECT_NEAR(found[0].together, 1'000, 1);
}

TEST_F(sites, objects_that_another_thread_frees_want_no_arena) {
    begin_with_stacks();
    for (int round = 0; round != 20; ++round) {
        std::vector<std::uint64_t> live;
        for (std::uint64_t i = 0; i != 1'000; ++i)
            live.push_back(allocate(10 + i % 300, 1, 0));
        for (const std::uint64_t object : live)
            free(object, 1);
    }
    EXPECT_EQ(read().at(0).what, call_site_use::advice::none);
}

TEST_F(sites, objects_that_live_to_the_end_want_an_arena) {
    begin_with_stacks();
    for (std::uint64_t i = 0; i != 20'000; ++i)
        allocate(10 + i % 300, 1);
    const auto found = read();
    EXPECT_EQ(found.at(0).what, call_site_use::advice::arena);
    EXPECT_EQ(found.at(0).together, 0);
}

TEST_F(sites, few_objects_are_worth_nothing) {
    begin_with_stacks();
    for (int i = 0; i != 100; ++i)
        free(allocate(48, 1));
    EXPECT_EQ(read().at(0).what, call_site_use::advice::none);
}

TEST_F(sites, samples_stand_for_as_many_as_their_chance_says) {
    begin(4'096);
    const std::array<std::uint64_t, 1> frames{0x1000};
    writer().define_stack(1, frames);
    std::mt19937 random(1);
    std::bernoulli_distribution is_drawn(-std::expm1(-100.0 / 4'096));
    for (int i = 0; i != 200'000; ++i)
        free(allocate(100, is_drawn(random) ? 1 : 0));
    EXPECT_NEAR(read().at(0).objects, 200'000, 10'000);
}

TEST_F(sites, time_that_goes_back_is_no_lifetime) {
    begin_with_stacks();
    pass(1'000'000);
    allocate(48, 1);
    begin_again();
    const std::uint64_t same_number = allocate(48);
    writer().flush();
    free(same_number);
    end();
    damage_block(3); // so that the allocation is gone, and what is freed is the first one
    trace_reader trace(path_);
    const auto found = read_call_sites(trace);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].died, 1U);
    EXPECT_EQ(found[0].lifetime, 0);
}

TEST_F(sites, an_exec_ends_all_objects) {
    begin_with_stacks();
    const std::uint64_t before = allocate(48, 1);
    add({.kind = event_kind::exec});
    for (int i = 0; i != 20'000; ++i)
        free(allocate(48, 2));
    const auto found = read();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(of_size(found, 48).died + found[1].died, 20'000U);
    (void)before;
}

} // namespace
} // namespace cenote::tool
