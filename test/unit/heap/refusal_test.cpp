// Memory that is refused, at every call of the source in turn: the one request fails, nothing is lost, and everything works
// again later.
#include "cenote/heap/heap.hpp"

#include "unit/support/heap_parts.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <vector>

namespace cenote_test {
namespace {

using cenote::heap;

struct block {
    void* p;
    std::size_t size;
    unsigned char value;
};

// Every way to get a block, of every kind of memory; `p` is what there is of it.
constexpr int entry_points = 4;
void* ask(heap& h, int entry_point, std::size_t size) {
    switch (entry_point) {
    case 0:
        return h.try_allocate(size);
    case 1:
        return h.try_allocate(size, 256);
    case 2:
        return h.try_allocate_zeroed(size);
    default:
        return h.try_reallocate(nullptr, size);
    }
}

void live_a_whole_life(ledger& books) {
    decommitting_ledger_source source{books};
    heap h{{.source = source}};
    std::vector<block> all;
    unsigned char value = 0;
    const auto take = [&](int entry_point, std::size_t size) {
        errno = 0;
        void* const p = ask(h, entry_point, size);
        if (p == nullptr) {
            EXPECT_EQ(errno, ENOMEM);
            return false;
        }
        fill_with(p, size, ++value);
        all.push_back({p, size, value});
        return true;
    };
    const auto resize = [&](block& b, std::size_t size) {
        void* const p = h.try_reallocate(b.p, size);
        if (p == nullptr) {
            EXPECT_TRUE(all_are(b.p, b.size, b.value)) << "a refusal touched the block";
            EXPECT_TRUE(h.is_live(b.p));
            return false;
        }
        EXPECT_TRUE(all_are(p, std::min(size, b.size), b.value));
        fill_with(p, size, b.value);
        b = {p, size, b.value};
        return true;
    };
    const auto everything = [&] {
        bool all_served = true;
        for (const std::size_t size : {24U, 9000U, 60'000U, 400'000U, 4'500'000U})
            for (int e = 0; e != entry_points; ++e)
                all_served = take(e, size) && all_served;
        for (std::size_t i = 0; i < all.size(); i += 3)
            all_served = resize(all[i], all[i].size * 2 + 100) && all_served;
        for (std::size_t i = 1; i < all.size(); i += 3)
            all_served = resize(all[i], all[i].size / 3 + 1) && all_served;
        return all_served;
    };
    const auto end = [&] {
        for (const block& b : all) {
            EXPECT_TRUE(all_are(b.p, b.size, b.value)) << "a block of " << b.size << " bytes was touched";
            h.deallocate(b.p);
        }
        all.clear();
        EXPECT_EQ(h.stats().live, 0U);
        EXPECT_TRUE(h.valid());
    };
    const bool all_served = everything();
    EXPECT_EQ(all_served || books.refused() != 0, true) << "refused, although the source was not";
    end();
    h.trim();
    EXPECT_EQ(h.stats().held, 0U) << "something was kept for ever";
    books.recover();
    EXPECT_TRUE(everything()) << "it does not work again after memory came back";
    end();
}

TEST(heap_refused, at_one_call_of_its_source_fails_one_request) {
    refuse_each_call(live_a_whole_life, false);
}
TEST(heap_refused, from_some_call_of_its_source_on_works_again_later) {
    refuse_each_call(live_a_whole_life, true);
}

// What is free in other sizes' memory, and in this thread's magazines, is looked for first.
TEST(heap_refused, uses_what_it_has_before_it_gives_up) {
    ledger books;
    decommitting_ledger_source source{books};
    heap h{{.decay = 1'000'000'000, .source = source}};
    std::vector<void*> small;
    for (int i = 0; i != 60'000; ++i)
        small.push_back(h.allocate(64));
    for (void* const p : small)
        h.deallocate(p);
    books.refuse_next_calls();
    void* const large = h.try_allocate(1_MiB);
    EXPECT_NE(large, nullptr);
    h.deallocate(large);
    EXPECT_EQ(h.try_allocate(9_MiB), nullptr);
    EXPECT_TRUE(h.valid());
}

// A source that decommits whatever it is asked to, and has nothing: the search for memory comes to an end.
TEST(heap_refused, with_memory_that_can_be_decommitted_again_and_again_gives_up) {
    ledger books;
    decommitting_ledger_source source{books};
    heap h{{.source = source}};
    void* const kept = h.allocate(100_KiB);
    h.deallocate(h.allocate(500_KiB));
    books.refuse_next_calls();
    EXPECT_EQ(h.try_allocate(4_MiB), nullptr);
    EXPECT_EQ(h.try_allocate(30_MiB), nullptr);
    EXPECT_EQ(h.try_allocate_zeroed(30_MiB), nullptr);
    books.recover();
    void* const p = h.try_allocate(30_MiB);
    EXPECT_NE(p, nullptr);
    h.deallocate(p);
    h.deallocate(kept);
}

} // namespace
} // namespace cenote_test
