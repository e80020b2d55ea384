#include "cenote/pool/published_page.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace cenote_test {
namespace {

using cenote::detail::heap_report;
using cenote::detail::published_head;
using cenote::detail::published_page;

struct copy_of_page {
    published_head head;
    std::vector<heap_report> rows{published_page::most_rows};
    bool read(const published_page& from, int tries = 100'000) { return from.read(head, rows.data(), tries); }
};

// Every figure is the number of the snapshot.
heap_report all_of(std::uint64_t n) {
    heap_report r;
    std::memset(r.name, static_cast<int>('a' + n % 26), sizeof r.name - 1);
    std::strcpy(r.kind, "object_pool");
    r.id = r.refused = r.refills = r.flushes = n;
    r.live = r.peak = r.bytes = r.slabs = r.threads = n;
    return r;
}

bool is_all_of(const heap_report& r, std::uint64_t n) {
    const heap_report expected = all_of(n);
    return std::memcmp(&r, &expected, sizeof r) == 0;
}

TEST(published_page, is_right_only_after_it_began) {
    const auto page = std::make_unique<published_page>();
    EXPECT_FALSE(page->is_right());
    page->begin(4711, 12);
    EXPECT_TRUE(page->is_right());
    EXPECT_EQ(page->process(), 4711U);
    EXPECT_EQ(page->began(), 12U);
}

TEST(published_page, shows_the_last_snapshot) {
    const auto page = std::make_unique<published_page>();
    copy_of_page copy;
    ASSERT_TRUE(copy.read(*page));
    EXPECT_EQ(copy.head.number, 0U);
    for (std::uint64_t n = 1; n != 4; ++n) {
        page->begin_snapshot();
        for (std::size_t row = 0; row != n; ++row)
            page->put(row, all_of(n));
        page->end_snapshot({.number = n, .taken = 10 * n, .rows = n, .left_out = n, .cost = n});
        ASSERT_TRUE(copy.read(*page));
        EXPECT_EQ(copy.head.number, n);
        EXPECT_EQ(copy.head.taken, 10 * n);
        EXPECT_EQ(copy.head.rows, n);
        for (std::size_t row = 0; row != n; ++row)
            EXPECT_TRUE(is_all_of(copy.rows[row], n));
    }
}

TEST(published_page, a_row_moves_as_it_is) {
    const auto page = std::make_unique<published_page>();
    page->begin_snapshot();
    page->put(5, all_of(7));
    page->move(5, 0);
    page->end_snapshot({.number = 1, .rows = 1});
    copy_of_page copy;
    ASSERT_TRUE(copy.read(*page));
    EXPECT_TRUE(is_all_of(copy.rows[0], 7));
}

TEST(published_page, is_not_read_while_it_is_written) {
    const auto page = std::make_unique<published_page>();
    page->begin_snapshot();
    copy_of_page copy;
    EXPECT_FALSE(copy.read(*page, 10));
    page->end_snapshot({.number = 1});
    EXPECT_TRUE(copy.read(*page, 1));
}

TEST(published_page, is_not_believed) {
    const auto page = std::make_unique<published_page>();
    heap_report endless = all_of(1);
    std::memset(endless.name, 'x', sizeof endless.name);
    std::memset(endless.kind, 'x', sizeof endless.kind);
    page->begin_snapshot();
    page->put(0, endless);
    page->end_snapshot({.number = 1, .rows = ~std::uint64_t{0}});
    copy_of_page copy;
    ASSERT_TRUE(copy.read(*page));
    EXPECT_EQ(copy.head.rows, published_page::most_rows);
    EXPECT_EQ(std::strlen(copy.rows[0].name), sizeof endless.name - 1);
    EXPECT_EQ(std::strlen(copy.rows[0].kind), sizeof endless.kind - 1);
}

TEST(published_page, is_of_one_moment_whatever_the_writer_threads_do) {
    const auto page = std::make_unique<published_page>();
    std::atomic<bool> done{false};
    std::thread writer([&] {
        for (std::uint64_t n = 1; !done; ++n) {
            page->begin_snapshot();
            for (std::size_t row = 0; row != 4; ++row)
                page->put(row, all_of(n));
            page->end_snapshot({.number = n, .taken = n, .rows = 4, .left_out = n, .cost = n});
            std::this_thread::yield();
        }
    });
    copy_of_page copy;
    std::uint64_t last = 0;
    int seen = 0;
    int wrong = 0;
    while (seen != 300) {
        if (!copy.read(*page) || copy.head.number == last) {
            std::this_thread::yield();
            continue;
        }
        ++seen;
        wrong += copy.head.number < last ? 1 : 0;
        last = copy.head.number;
        wrong += copy.head.taken == last && copy.head.cost == last ? 0 : 1;
        for (std::size_t row = 0; row != 4; ++row)
            wrong += is_all_of(copy.rows[row], last) ? 0 : 1;
    }
    done = true;
    writer.join();
    EXPECT_EQ(wrong, 0);
}

} // namespace
} // namespace cenote_test
