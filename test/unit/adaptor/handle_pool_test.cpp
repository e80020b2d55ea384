#include "cenote/adaptor/handle_pool.hpp"

#include "cenote/source/buffer_source.hpp"
#include "support/objects.hpp"
#include "unit/support/ledger.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

using cenote::handle;
using cenote::handle_pool;
using cenote::reset_mode;

TEST(handle, is_64_bits_that_can_be_kept_compared_and_hashed) {
    static_assert(sizeof(handle<std::string>) == 8 && std::is_trivially_copyable_v<handle<std::string>>);
    constexpr handle<int> h{7, 3};
    static_assert(h.index() == 7 && h.generation() == 3 && h);
    static_assert(handle<int>::from_value(h.value()) == h);
    static_assert(!handle<int>{} && handle<int>{} < h);
    const std::unordered_set<handle<int>> set{h, handle<int>{8, 3}, h};
    EXPECT_EQ(set.size(), 2U);
}

TEST(handle_pool, takes_no_memory_before_the_first_object) {
    ledger books;
    handle_pool<int, cenote::pool_options{}, ledger_source> pool{cenote::growth{}, books};
    EXPECT_EQ(pool.get({}), nullptr);
    EXPECT_EQ(pool.get({0, 1}), nullptr);
    EXPECT_FALSE(pool.destroy({0, 1}));
    EXPECT_TRUE(pool.reset(reset_mode::free_all()));
    EXPECT_EQ(books.calls(), 0U);
}

TEST(handle_pool, knows_a_handle_until_its_object_is_gone) {
    handle_pool<std::string> pool;
    const auto h = pool.create("text");
    ASSERT_NE(pool.get(h), nullptr);
    EXPECT_EQ(*pool.get(h), "text");
    EXPECT_TRUE(pool.contains(h));
    EXPECT_TRUE(pool.destroy(h));
    EXPECT_EQ(pool.get(h), nullptr);
    EXPECT_FALSE(pool.destroy(h));
    const auto again = pool.create("other");
    EXPECT_EQ(again.index(), h.index());
    EXPECT_NE(again, h);
    EXPECT_EQ(pool.get(h), nullptr);
    EXPECT_FALSE(pool.destroy(h));
    EXPECT_EQ(*std::as_const(pool).get(again), "other");
}

TEST(handle_pool, knows_the_handle_of_a_pointer_which_stays_where_it_is) {
    handle_pool<std::string> pool;
    std::vector<std::pair<handle<std::string>, std::string*>> all;
    for (int i = 0; i != 5000; ++i) {
        const auto h = pool.create(std::to_string(i));
        all.emplace_back(h, pool.get(h));
    }
    for (std::size_t i = 0; i != all.size(); ++i) {
        ASSERT_EQ(pool.handle_of(all[i].second), all[i].first);
        ASSERT_EQ(pool.get(all[i].first), all[i].second);
        ASSERT_EQ(*all[i].second, std::to_string(i));
    }
}

struct point {
    int x;
    int y;
};
struct pinned {
    int value;
    explicit pinned(int v) noexcept : value(v) {}
    pinned(const pinned&) = delete;
    pinned& operator=(const pinned&) = delete;
};

TEST(handle_pool, makes_aggregates_and_what_cannot_be_moved) {
    handle_pool<point> points;
    EXPECT_EQ(points.get(points.create(1, 2))->y, 2);
    handle_pool<pinned> pins;
    EXPECT_EQ(pins.get(pins.create(3))->value, 3);
    static_assert(noexcept(pins.try_create(3)));
    handle_pool<stamped<10, 64>> aligned;
    EXPECT_TRUE(cenote::detail::is_aligned(aligned.get(aligned.create()), 64));
    handle_pool<int, cenote::pool_options{.alignment = 128}> more;
    EXPECT_TRUE(cenote::detail::is_aligned(more.get(more.create(1)), 128));
}

TEST(handle_pool, agrees_with_a_map_over_random_operations) {
    handle_pool<std::uint64_t> pool;
    std::map<std::uint64_t, std::uint64_t> known; // by handle
    std::vector<handle<std::uint64_t>> ever;
    std::mt19937 random{11};
    for (std::uint64_t i = 0; i != 30000; ++i) {
        if (ever.empty() || random() % 2 == 0) {
            const auto h = pool.create(i);
            ASSERT_TRUE(known.emplace(h.value(), i).second) << "a handle was given twice";
            ever.push_back(h);
        } else {
            const auto h = ever[random() % ever.size()];
            ASSERT_EQ(pool.destroy(h), known.erase(h.value()) == 1);
        }
        if (i % 10000 == 0) pool.trim();
    }
    EXPECT_EQ(pool.live(), known.size());
    for (const auto h : ever) {
        const auto found = known.find(h.value());
        const std::uint64_t* const p = pool.get(h);
        ASSERT_EQ(p != nullptr, found != known.end());
        if (p != nullptr) {
            ASSERT_EQ(*p, found->second);
        }
    }
    std::size_t visited = 0;
    pool.for_each([&](std::uint64_t& value) {
        ASSERT_EQ(known.at(pool.handle_of(&value).value()), value);
        ++visited;
    });
    EXPECT_EQ(visited, known.size());
    EXPECT_TRUE(pool.valid());
}

TEST(handle_pool, knows_no_handle_from_before_a_reset) {
    for (const reset_mode mode :
         {reset_mode::free_all(), reset_mode::retain_capacity(), reset_mode::retain_with_limit(70000)}) {
        handle_pool<counted> pool;
        std::vector<handle<counted>> old;
        for (int i = 0; i != 3000; ++i)
            old.push_back(pool.create(i));
        EXPECT_TRUE(pool.reset(mode));
        EXPECT_EQ(counted::alive, 0);
        EXPECT_EQ(pool.live(), 0U);
        std::vector<handle<counted>> fresh;
        for (int i = 0; i != 3000; ++i)
            fresh.push_back(pool.create(i));
        for (const auto h : old)
            ASSERT_EQ(pool.get(h), nullptr);
        for (int i = 0; i != 3000; ++i)
            ASSERT_EQ(pool.get(fresh[static_cast<std::size_t>(i)])->value, i);
    }
    EXPECT_EQ(counted::alive, 0); // the pools' deaths
}

TEST(handle_pool, lets_a_visitor_create_and_destroy) {
    handle_pool<int> pool;
    for (int i = 0; i != 1000; ++i)
        (void)pool.create(i);
    pool.for_each([&](int& i) {
        if (i % 2 == 0 && i >= 0) {
            EXPECT_TRUE(pool.destroy(pool.handle_of(&i)));
            (void)pool.create(-1);
        }
    });
    EXPECT_EQ(pool.live(), 1000U);
    EXPECT_TRUE(pool.valid());
}

// Owns another by handle: whoever goes first, each is destroyed once.
struct owner {
    using pool_type = handle_pool<owner>;
    pool_type& pool;
    handle<owner> child;
    explicit owner(pool_type& in, int depth) : pool(in) {
        if (depth != 0) child = pool.create(in, depth - 1);
        ++alive;
    }
    ~owner() {
        pool.destroy(child);
        --alive;
    }
    owner(const owner&) = delete;
    owner& operator=(const owner&) = delete;
    static inline int alive = 0;
};

TEST(handle_pool, may_be_used_by_constructors_and_destructors_of_its_objects) {
    {
        owner::pool_type pool;
        const auto root = pool.create(pool, 300);
        EXPECT_EQ(owner::alive, 301);
        EXPECT_EQ(pool.live(), 301U);
        EXPECT_TRUE(pool.destroy(root));
        EXPECT_EQ(owner::alive, 0);
        (void)pool.create(pool, 10);
        EXPECT_TRUE(pool.reset(reset_mode::retain_capacity()));
        EXPECT_EQ(owner::alive, 0);
        (void)pool.create(pool, 10);
    }
    EXPECT_EQ(owner::alive, 0);
}

TEST(handle_pool, is_as_it_was_when_the_limit_or_the_source_refuses) {
    handle_pool<int> limited{cenote::growth::up_to(3)};
    for (int i = 0; i != 3; ++i)
        EXPECT_TRUE(limited.try_create(i));
    EXPECT_FALSE(limited.try_create(3));
    EXPECT_EQ(limited.live(), 3U);
    refuse_each_call(
        [](ledger& books) {
            handle_pool<std::uint64_t, cenote::pool_options{}, ledger_source> pool{
                cenote::growth::unlimited().steps(4096, 8192), books};
            std::vector<handle<std::uint64_t>> made;
            for (std::uint64_t i = 0; i != 2000; ++i)
                if (const auto h = pool.try_create(i)) made.push_back(h);
            EXPECT_EQ(pool.live(), made.size());
            for (const auto h : made)
                EXPECT_TRUE(pool.destroy(h));
            EXPECT_TRUE(pool.valid());
        },
        false);
}

TEST(handle_pool, lives_in_a_buffer) {
    alignas(64) static std::array<std::byte, 64 << 10> buffer;
    handle_pool<int, cenote::pool_options{}, cenote::buffer_source> pool{
        cenote::growth::unlimited().steps(4096, 8192), cenote::buffer_source{buffer.data(), buffer.size()}};
    int made = 0;
    while (pool.try_create(made))
        ++made;
    EXPECT_GT(made, cenote::canary_bytes == 0 ? 300 : 200);
    EXPECT_EQ(pool.live(), static_cast<std::size_t>(made));
}

TEST(handle_pool, is_preheated_and_counts_as_object_pool_does) {
    ledger books;
    handle_pool<std::uint64_t, cenote::pool_options{}, ledger_source> pool{cenote::growth{}, books};
    pool.preheat(500);
    const std::size_t calls = books.calls();
    pool.source().deallocate(pool.source().allocate(100, 8), 100, 8);
    EXPECT_EQ(books.calls(), calls + 1); // it is the source that was given
    EXPECT_GE(pool.capacity(), 500U);
    EXPECT_EQ(pool.table_bytes(), 0U);
    std::vector<handle<std::uint64_t>> made;
    for (std::uint64_t i = 0; i != 500; ++i)
        made.push_back(pool.create(i));
    EXPECT_EQ(pool.stats().live, 500U);
    EXPECT_EQ(pool.stats().capacity, pool.capacity());
    EXPECT_GE(pool.table_bytes(), 500 * sizeof(void*));
    EXPECT_EQ(pool.retired_slots(), 0U);
    for (const auto h : made)
        pool.destroy(h);
}

// Its constructor makes as many others as its number says, and takes the source away.
struct maker {
    using pool_type = handle_pool<maker, cenote::pool_options{}, ledger_source>;
    maker(pool_type& in, ledger& books, std::size_t others) noexcept {
        for (std::size_t i = 0; i != others; ++i)
            (void)in.try_create(in, books, 0U);
        if (others != 0) books.refuse_next_calls();
    }
};
TEST(handle_pool, whose_table_the_constructor_filled_gives_the_object_back) {
    std::size_t in_table = 0; // slots that the table begins with
    {
        handle_pool<int> pool;
        (void)pool.create(1);
        in_table = pool.table_bytes();
        while (pool.table_bytes() == in_table)
            (void)pool.create(1);
        in_table = pool.live() - 1;
    }
    ledger books;
    maker::pool_type pool{cenote::growth{}, books};
    EXPECT_FALSE(pool.try_create(pool, books, in_table));
    EXPECT_EQ(pool.live(), in_table);
    EXPECT_TRUE(pool.valid());
}

#if CENOTE_EXCEPTIONS
TEST(handle_pool, throws_and_is_as_it_was) {
    handle_pool<fussy> pool;
    EXPECT_THROW((void)pool.create(std::uint64_t{1}, true), std::runtime_error);
    EXPECT_EQ(pool.live(), 0U);
    const auto h = pool.create(std::uint64_t{1});
    EXPECT_EQ(h.index(), 0U);
    handle_pool<int> full{cenote::growth::fixed(0)};
    EXPECT_THROW((void)full.create(1), std::bad_alloc);
}
#endif

} // namespace
} // namespace cenote_test
