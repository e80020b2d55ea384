#include "cenote/source/source_watch.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <thread>
#include <vector>

namespace {

using cenote::detail::source_watch;

TEST(source_watch, counts_the_pieces_of_each_source) {
    const auto watch = std::make_unique<source_watch>();
    int one = 0;
    int other = 0;
    watch->took(&one);
    watch->took(&one);
    watch->took(&other);
    watch->gave(&one);
    EXPECT_EQ(watch->pieces_of(&one), 1U);
    EXPECT_EQ(watch->pieces_of(&other), 1U);
    watch->gave(&one);
    watch->dies(&one);
}

TEST(source_watch, knows_nothing_of_what_was_never_a_source) {
    const auto watch = std::make_unique<source_watch>();
    int one = 0;
    EXPECT_EQ(watch->pieces_of(&one), 0U);
    watch->gave(&one);
    EXPECT_EQ(watch->pieces_of(&one), 0U);
    watch->dies(&one);
}

TEST(source_watch, when_full_goes_on_with_those_it_has) {
    const auto watch = std::make_unique<source_watch>();
    std::vector<int> sources(source_watch::most + 1);
    for (int& s : sources)
        watch->took(&s);
    std::size_t known = 0;
    for (int& s : sources)
        known += watch->pieces_of(&s);
    EXPECT_EQ(known, source_watch::most);
    watch->took(&sources[0]);
    EXPECT_EQ(watch->pieces_of(&sources[0]), 2U);
    watch->dies(&sources.back());
}

TEST(source_watch, threads_count_together) {
    const auto watch = std::make_unique<source_watch>();
    std::vector<int> sources(8);
    std::vector<std::thread> threads;
    for (int t = 0; t != 4; ++t)
        threads.emplace_back([&] {
            for (int round = 0; round != 1000; ++round)
                for (int& s : sources) {
                    watch->took(&s);
                    if (round % 2 == 0) watch->gave(&s);
                }
        });
    for (std::thread& t : threads)
        t.join();
    for (int& s : sources)
        EXPECT_EQ(watch->pieces_of(&s), 4U * 500);
}

} // namespace
