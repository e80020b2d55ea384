// Memory that was freed goes back: when asked, when nobody is left who could use it, and some calls after the decay.
#include "cenote/heap/heap.hpp"
#include "cenote/os/vm.hpp"

#include "unit/support/heap_parts.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <random>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace cenote_test {
namespace {

using cenote::heap;

constexpr std::uint32_t decay = 30; // milliseconds
constexpr std::size_t generous_cap = 8_MiB;

// Every kind of memory: small and large classes, units, mappings.
const std::vector<std::size_t> kinds{48, 500, 3000, 20'000, 64_KiB, 300_KiB, 2_MiB, 12_MiB};

std::vector<void*> allocate(heap& h, std::size_t size, std::size_t bytes) {
    std::vector<void*> all;
    for (std::size_t sum = 0; sum < bytes; sum += size) {
        all.push_back(h.allocate(size));
        fill_with(all.back(), size, 1);
    }
    return all;
}
void deallocate(heap& h, const std::vector<void*>& all) {
    for (void* const p : all)
        h.deallocate(p);
}
std::size_t page_faults() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return static_cast<std::size_t>(used.ru_minflt);
}
std::size_t loose(const cenote::heap_stats& s) { return s.free + s.mapping_cache; }

// Of a heap of which nothing is live. Address space that is free in a segment costs nothing, so it may be more.
void expect_little_left(const heap& h, std::size_t size) {
    const cenote::heap_stats s = h.stats();
    EXPECT_LT(loose(s) + s.in_magazines, generous_cap) << "blocks of " << size;
    EXPECT_LT(s.held, 4 * generous_cap) << "blocks of " << size;
}

void use_a_little(heap& h, std::size_t size) {
    std::vector<void*> few;
    for (int i = 0; i != 200; ++i)
        few.push_back(h.allocate(size));
    deallocate(h, few);
}

// Calls now and then for a few decays.
void a_while(heap& h, std::size_t size) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{5 * decay};
    while (std::chrono::steady_clock::now() < until) {
        use_a_little(h, size);
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
}

TEST(trim, gives_everything_back_where_nothing_is_live) {
    heap h;
    for (const std::size_t size : kinds) {
        deallocate(h, allocate(h, size, 30_MiB));
        h.trim();
        EXPECT_EQ(h.stats().held, 0U) << size;
        EXPECT_EQ(loose(h.stats()), 0U);
        EXPECT_TRUE(h.valid());
    }
}

TEST(trim, returns_the_bytes_that_went) {
    heap h;
    EXPECT_EQ(h.trim(), 0U);
    deallocate(h, allocate(h, 100_KiB, 4_MiB - 200_KiB));
    EXPECT_GE(h.trim(), 3_MiB);
    EXPECT_EQ(h.trim(), 0U);
}

TEST(trim, leaves_what_is_live_as_it_is) {
    heap h;
    std::vector<std::vector<void*>> kept;
    for (const std::size_t size : kinds) {
        const std::vector<void*> all = allocate(h, size, 8 * size + 4_MiB);
        kept.emplace_back();
        for (std::size_t i = 0; i != all.size(); ++i)
            if (i % 7 == 0) {
                fill_with(all[i], size, 0xA1);
                kept.back().push_back(all[i]);
            } else {
                h.deallocate(all[i]);
            }
    }
    h.trim();
    EXPECT_TRUE(h.valid());
    for (std::size_t k = 0; k != kinds.size(); ++k)
        for (void* const p : kept[k]) {
            ASSERT_TRUE(h.is_live(p));
            ASSERT_TRUE(all_are(p, kinds[k], 0xA1)) << kinds[k];
            h.deallocate(p);
        }
    h.trim();
    EXPECT_EQ(h.stats().held, 0U);
}

#ifdef __linux__
std::size_t resident(const std::vector<void*>& blocks, std::size_t size) {
    const std::size_t page = cenote::vm::page_size();
    std::size_t pages = 0;
    for (void* const p : blocks) {
        auto* const first =
            reinterpret_cast<std::byte*>(cenote::detail::round_down(cenote::detail::address_of(p), page));
        std::vector<unsigned char> states(size / page);
        if (::mincore(first, states.size() * page, states.data()) != 0) continue; // no longer mapped
        for (const unsigned char s : states)
            pages += s & 1U;
    }
    return pages * page;
}

TEST(trim, takes_pages_out_of_memory_also_where_the_address_space_stays) {
    heap h;
    for (const std::size_t size : {12'288U, 40'960U, 65'536U, 200'000U}) {
        const std::vector<void*> all = allocate(h, size, 40_MiB);
        std::vector<void*> freed;
        for (std::size_t i = 0; i != all.size(); ++i)
            if (i % 40 != 0) freed.push_back(all[i]);
        deallocate(h, freed);
        h.trim();
        EXPECT_LT(resident(freed, size), 4_MiB) << size;
        for (std::size_t i = 0; i < all.size(); i += 40)
            h.deallocate(all[i]);
    }
}
#endif

TEST(decay, after_it_and_some_calls_a_peak_is_gone) {
    for (const std::size_t size : kinds) {
        heap h{{.decay = decay}};
        deallocate(h, allocate(h, size, 48_MiB));
        a_while(h, 64);
        expect_little_left(h, size);
        EXPECT_TRUE(h.valid());
    }
}

TEST(decay, a_peak_beside_live_blocks_goes_too) {
    heap h{{.decay = decay}};
    const std::vector<void*> live = allocate(h, 200, 20_MiB);
    for (const std::size_t size : kinds) {
        deallocate(h, allocate(h, size, 48_MiB));
        a_while(h, 64);
        const cenote::heap_stats s = h.stats();
        EXPECT_LT(loose(s) + s.in_magazines, generous_cap + s.live / 4) << "blocks of " << size;
    }
    for (void* const p : live)
        ASSERT_TRUE(all_are(p, 200, 1));
    deallocate(h, live);
}

// What a load needs again and again is not given back and taken anew: a purge would show as a smaller held.
TEST(decay, far_away_keeps_what_is_free_for_the_next) {
    heap h{{.decay = 1'000'000'000}};
    const std::vector<void*> live = allocate(h, 3000, 64_MiB);
    deallocate(h, allocate(h, 300_KiB, 30_MiB));
    const std::size_t held = h.stats().held;
    for (int i = 0; i != 200; ++i) {
        deallocate(h, allocate(h, 300_KiB, 20_MiB));
        EXPECT_EQ(h.stats().held, held);
    }
    deallocate(h, live);
}

// Large blocks of many sizes replace each other, and at no moment does less than the cap lie free. What was given back in
// the middle of that and is needed again a moment later is no new phase, so it does not set off the next time.
TEST(decay, of_what_is_replaced_all_the_time_next_to_nothing_is_given_back_under_way) {
    heap h{{.decay = 160}};
    std::mt19937 random{1};
    // As many in each doubling from 100 KiB to 3.2 MiB.
    const auto allocate_one = [&] {
        const std::size_t size = (100_KiB << random() % 5) * (100 + random() % 100) / 100;
        void* const p = h.allocate(size);
        for (std::size_t at = 0; at < size; at += cenote::vm::page_size())
            static_cast<std::byte*>(p)[at] = std::byte{1};
        return p;
    };
    std::vector<void*> live(32);
    for (void*& p : live)
        p = allocate_one();
    const auto replace = [&](std::size_t times) {
        for (std::size_t i = 0; i != times; ++i) {
            void*& p = live[random() % live.size()];
            h.deallocate(p);
            p = allocate_one();
        }
    };
    replace(200);
    const auto start = std::chrono::steady_clock::now();
    const std::size_t faults = page_faults();
    replace(20'000);
    // Windows of idle memory may end, one a decay. Whatever the machine does meanwhile.
    const auto windows = 1 + static_cast<std::size_t>((std::chrono::steady_clock::now() - start) /
                                                      std::chrono::milliseconds{160});
    EXPECT_LT((page_faults() - faults) * cenote::vm::page_size(), (windows + 2) * 32_MiB);
    deallocate(h, live);
}

TEST(decay, is_what_it_was_set_to_last) {
    heap h{{.decay = 1'000'000'000}};
    const std::vector<void*> live = allocate(h, 64, 20_MiB);
    deallocate(h, allocate(h, 3000, 40_MiB));
    h.set_decay(decay);
    deallocate(h, allocate(h, 5000, 40_MiB));
    a_while(h, 64);
    a_while(h, 3000);
    EXPECT_LT(loose(h.stats()), generous_cap + h.stats().live / 4);
    deallocate(h, live);
}

TEST(threads_that_end, give_back_what_nobody_else_may_ever_free) {
    for (const std::size_t size : kinds) {
        heap h{{.decay = decay}};
        for (int i = 0; i != 3; ++i)
            std::thread{[&] { deallocate(h, allocate(h, size, 40_MiB)); }}.join();
        expect_little_left(h, size);
        EXPECT_EQ(h.stats().caches, 0U);
        EXPECT_EQ(h.stats().in_magazines, 0U);
    }
}

TEST(threads_that_end, beside_others_give_back_after_the_decay) {
    heap h{{.decay = decay}};
    std::vector<void*> all = allocate(h, 1000, 48_MiB);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t != 4; ++t)
        threads.emplace_back([&, t] {
            for (std::size_t i = t; i < all.size(); i += 4)
                h.deallocate(all[i]);
        });
    for (std::thread& t : threads)
        t.join();
    a_while(h, 64);
    expect_little_left(h, 1000);
}

// On a source that keeps books, purges are as good, and come to an end.
TEST(decay, on_a_source_that_decommits_gives_back_too) {
    ledger books;
    decommitting_ledger_source source{books};
    heap h{{.decay = decay, .source = source}};
    void* const kept = h.allocate(100_KiB);
    deallocate(h, allocate(h, 1000, 40_MiB));
    deallocate(h, allocate(h, 300_KiB, 40_MiB));
    a_while(h, 64);
    expect_little_left(h, 1000);
    h.trim();
    const std::size_t decommitted = books.decommitted();
    h.trim();
    EXPECT_EQ(books.decommitted(), decommitted) << "what was given back once is given back again";
    h.deallocate(kept);
}

} // namespace
} // namespace cenote_test
