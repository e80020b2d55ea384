#include "tool/advise/advice.hpp"
#include "writing.hpp"

#include "heap/profile.hpp"

#include <algorithm>
#include <random>
#include <vector>

namespace cenote::tool {
namespace {

class choice : public written_trace {
protected:
    demand read() {
        end();
        trace_reader trace(path_);
        return read_demand(trace);
    }
};

bool has(const class_sizes& classes, std::uint32_t size) {
    return std::find(classes.begin(), classes.end(), size) != classes.end();
}

TEST(size_steps_of, every_size_are_the_least_that_is_large_enough) {
    for (std::size_t size = 0; size <= detail::max_class_size; ++size) {
        const std::size_t step = step_for(size);
        ASSERT_GE(step_size(step), size);
        ASSERT_TRUE(step == 1 || step_size(step - 1) < size);
    }
}

TEST(size_steps_of, requests_at_a_multiple_are_of_sizes_that_are_one) {
    EXPECT_EQ(step_size(*step_for(100, 6)), 128U);
    EXPECT_EQ(step_size(*step_for(1, 12)), 4096U);
    EXPECT_FALSE(step_for(1, 13)) << "no class serves it";
    EXPECT_FALSE(step_for(65'537, 0));
    EXPECT_FALSE(step_for(65'535, 16));
}

TEST_F(choice, demand_is_counted_at_the_peak_and_over_time) {
    begin();
    const std::uint64_t early = allocate(100);
    free(early);
    const std::uint64_t a = allocate(40);
    const std::uint64_t b = allocate(48);
    allocate(100'000);
    pass(1'000'000);
    free(a);
    free(b);
    pass(1'000'000);
    allocate(1);
    const demand of = read();
    const step_demand& step = of.of[step_for(40)];
    EXPECT_EQ(step.requests, 2U);
    EXPECT_EQ(step.requested, 88U);
    EXPECT_EQ(step.at_peak, 2U);
    EXPECT_EQ(step.peak_bytes, 88U);
    EXPECT_NEAR(step.on_average, 1, .01);
    EXPECT_NEAR(step.average_bytes, 44, .5);
    EXPECT_EQ(of.of[step_for(100)].at_peak, 0U) << "dead by then";
    EXPECT_EQ(of.larger.at_peak, 1U);
    EXPECT_EQ(of.most_live, 100'088U);
    EXPECT_EQ(of.requests(), 5U);
}

TEST_F(choice, an_object_whose_number_comes_again_is_gone) {
    begin();
    allocate(1'000);
    begin_again();
    free(allocate(2'000));
    pass(1'000'000);
    allocate(1);
    const demand of = read();
    EXPECT_EQ(of.most_live, 2'000U);
    EXPECT_LT(of.of[step_for(1'000)].on_average, .01);
}

TEST_F(choice, a_size_that_many_objects_have_gets_a_class) {
    begin();
    for (int i = 0; i != 5'000; ++i)
        allocate(1'040);
    const demand of = read();
    const class_sizes chosen = choose_classes(of, 88);
    EXPECT_TRUE(has(chosen, 1'040));
    const waste_figures now = waste_of(usual_classes(), of);
    const waste_figures then = waste_of(chosen, of);
    EXPECT_GT(now.at_peak, 5'000 * 112);
    EXPECT_LT(then.at_peak, 5'000 * 16);
}

TEST_F(choice, what_few_objects_have_is_worth_no_class) {
    begin();
    for (std::uint64_t size = 272; size <= 320; size += 16)
        allocate(size);
    const demand of = read();
    EXPECT_EQ(waste_of(usual_classes(), of).used, 2U);
    EXPECT_EQ(waste_of(choose_classes(of, 88), of).used, 1U);
}

TEST_F(choice, what_was_not_asked_for_wastes_a_quarter_at_most) {
    begin();
    std::mt19937 random(1);
    for (int i = 0; i != 3'000; ++i)
        allocate(random() % 9'000);
    const demand of = read();
    for (const std::size_t most : {60U, 88U}) {
        const class_sizes chosen = choose_classes(of, most);
        EXPECT_LE(chosen.size(), most);
        EXPECT_EQ(chosen.back(), detail::max_class_size);
        std::uint32_t below = 0;
        for (const std::uint32_t size : chosen) {
            EXPECT_LE(size - below, std::max<std::uint32_t>(size / 4, below == 0 ? 32 : 16)) << size;
            below = size;
        }
        for (std::uint32_t power = 64; power <= detail::max_class_size; power *= 2)
            EXPECT_TRUE(has(chosen, power)) << power;
    }
}

TEST_F(choice, sizes_at_multiples_have_classes_that_are_ones) {
    begin();
    for (int i = 0; i != 100; ++i)
        allocate(3'000, 0, 0, 10);
    EXPECT_TRUE(has(choose_classes(read(), 88), 3'072));
}

// The sum of what is wasted, and of what classes take, by trying all sets of classes that are allowed, where there are few.
TEST_F(choice, no_other_classes_cost_less) {
    begin();
    for (int i = 0; i != 900; ++i)
        allocate(i % 3 == 0 ? 272 : i % 3 == 1 ? 288 : 320);
    const demand of = read();
    const auto cost = [&](const class_sizes& classes) {
        const waste_figures waste = waste_of(classes, of);
        return (waste.at_peak + waste.on_average) / 2 + waste.of_classes;
    };
    const class_sizes chosen = choose_classes(of, 88);
    for (unsigned set = 0; set != 16; ++set) {
        class_sizes other;
        for (const std::uint32_t size : chosen)
            if (size <= 256 || size > 320) other.push_back(size);
        for (unsigned i = 0; i != 4; ++i)
            if ((set >> i & 1U) != 0) other.push_back(272 + 16 * i);
        std::sort(other.begin(), other.end());
        const bool is_allowed = std::find_if(other.begin(), other.end(), [&](std::uint32_t size) {
                                    return size > 256 && size - 256 <= size / 4;
                                }) != other.end();
        // Blocks of the class itself are in the choice's cost, some hundred bytes.
        if (!is_allowed) continue;
        EXPECT_LE(cost(chosen), cost(other) + 2'000) << set;
    }
}

TEST_F(choice, a_magazine_that_swings_fit_in_is_chosen_and_no_larger_one) {
    begin();
    for (int round = 0; round != 50; ++round) {
        std::vector<std::uint64_t> live;
        for (int i = 0; i != 110; ++i)
            live.push_back(allocate(2'048));
        for (int i = 0; i != 40; ++i)
            live.push_back(allocate(512));
        for (const std::uint64_t object : live)
            free(object);
    }
    end();
    trace_reader trace(path_);
    const demand of = read_demand(trace);
    const class_sizes chosen = choose_classes(of, 88);
    const magazine_choice magazines = choose_magazines(trace, of, chosen);
    const auto at = [&](std::size_t size) {
        return magazines.then[classes_of_steps(chosen)[step_for(size)]];
    };
    EXPECT_EQ(at(2'048).calls, 11'000U);
    EXPECT_EQ(at(2'048).limit, 128U);
    const magazine_use as_usual = magazines.now[classes_of_steps(usual_classes())[step_for(2'048)]];
    EXPECT_EQ(as_usual.limit, 64U);
    EXPECT_LT(at(2'048).exchanges, as_usual.exchanges / 4);
    EXPECT_EQ(at(512).limit, 64U);
}

TEST_F(choice, magazines_of_threads_are_each_their_own) {
    begin();
    // One thread makes what another frees: no magazine serves that.
    for (int i = 0; i != 20'000; ++i)
        free(allocate(512, 0, 0), 1);
    end();
    trace_reader trace(path_);
    const demand of = read_demand(trace);
    EXPECT_EQ(of.threads, 2U);
    const magazine_choice magazines = choose_magazines(trace, of, usual_classes());
    const magazine_use& now = magazines.now[classes_of_steps(usual_classes())[step_for(512)]];
    EXPECT_GT(now.exchanges, 300U);
}

TEST_F(choice, threads_may_have_any_number) {
    const auto exchanges_with = [&](std::uint32_t other) {
        begin();
        for (int i = 0; i != 20'000; ++i)
            free(allocate(512, 0, 0), other);
        end();
        trace_reader trace(path_);
        const demand of = read_demand(trace);
        const magazine_choice magazines = choose_magazines(trace, of, usual_classes());
        return magazines.now[classes_of_steps(usual_classes())[step_for(512)]].exchanges;
    };
    EXPECT_EQ(exchanges_with(0xffff'ffff), exchanges_with(1));
}

TEST_F(choice, magazines_end_with_their_threads) {
    begin();
    for (std::uint32_t i = 0; i != 1'000; ++i) {
        free(allocate(512, 0, i % 2), i % 2);
        add({.kind = event_kind::thread_end, .thread = i % 2});
    }
    end();
    trace_reader trace(path_);
    const demand of = read_demand(trace);
    const magazine_choice magazines = choose_magazines(trace, of, usual_classes());
    const magazine_use& now = magazines.now[classes_of_steps(usual_classes())[step_for(512)]];
    EXPECT_EQ(now.exchanges, 1'000U) << "each thread's first";
}

TEST_F(choice, a_trace_of_nothing_is_no_trouble) {
    begin();
    end();
    const advice found = advise(path_);
    EXPECT_EQ(found.of.requests(), 0U);
    EXPECT_EQ(found.waste_then.at_peak, 0);
    EXPECT_FALSE(found.has_gain());
}

TEST_F(choice, a_gain_is_a_hundredth_of_what_is_live_and_not_too_little) {
    const auto advice_on = [this](int objects, std::uint64_t size, std::uint64_t large) {
        begin();
        allocate(large);
        for (int i = 0; i != objects; ++i)
            allocate(size);
        end();
        return advise(path_);
    };
    EXPECT_TRUE(advice_on(5'000, 1'040, 100'000).has_gain());
    EXPECT_FALSE(advice_on(5'000, 1'024, 100'000).has_gain()) << "a size that there is a class for";
    EXPECT_FALSE(advice_on(100, 1'040, 100'000).has_gain()) << "some KiB";
    EXPECT_FALSE(advice_on(5'000, 1'040, 1'000'000'000).has_gain()) << "of a gigabyte";
    EXPECT_GT(advice_on(5'000, 1'040, 100'000).saved(), 5'000 * 80);
}

TEST_F(choice, a_profile_is_one_that_the_heap_takes) {
    begin();
    std::mt19937 random(1);
    for (int i = 0; i != 20'000; ++i)
        allocate(random() % (i % 50 == 0 ? 70'000 : 3'000));
    end();
    const advice found = advise(path_);
    const std::string text = profile_text(found);
    detail::class_layout layout{detail::compute_class_sizes()};
    const detail::profile_fault fault = detail::parse_profile(text.data(), text.size(), layout);
    EXPECT_EQ(fault.what, nullptr) << fault.what << " in line " << fault.line << " of\n" << text;
    for (const advised_class& c : found.classes) {
        EXPECT_EQ(layout.size(layout.find(c.size)), c.size);
        EXPECT_EQ(layout.magazine_limit(layout.find(c.size)), c.magazine.limit);
    }
}

} // namespace
} // namespace cenote::tool
