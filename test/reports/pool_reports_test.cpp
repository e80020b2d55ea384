// What named pools of every kind tell, and that those without a name tell nothing.
#include "cenote/adaptor/pool_reports.hpp"

#include "cenote/cenote.hpp"
#include "support/child.hpp"
#include "support/objects.hpp"
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

using cenote::growth;
using cenote::pool_report;
using namespace cenote::literals;

using object = stamped<40, 8>;

// What pools of that name tell.
std::vector<pool_report> reports_of(std::string_view name) {
    std::vector<pool_report> found;
    cenote::for_each_pool_report([&](const pool_report& r) {
        if (r.name == name) found.push_back(r);
    });
    return found;
}
pool_report report_of(std::string_view name) {
    const std::vector<pool_report> found = reports_of(name);
    EXPECT_EQ(found.size(), 1U) << name;
    return found.empty() ? pool_report{} : found.front();
}

template <class Pools>
class reports : public ::testing::Test {
protected:
    using pool_type = typename Pools::template pool<object>;
};
using every_pool =
    ::testing::Types<object_pools, block_pools, intrusive_pools, locked_pools, lockfree_pools, cached_pools>;
TYPED_TEST_SUITE(reports, every_pool);

TYPED_TEST(reports, have_a_named_pool_from_its_first_use_to_its_death) {
    {
        typename TestFixture::pool_type pool{growth{.name = "from use to death"}};
        EXPECT_TRUE(reports_of("from use to death").empty());
        pool.destroy(pool.create(std::uint64_t{1}));
        EXPECT_EQ(reports_of("from use to death").size(), 1U);
    }
    EXPECT_TRUE(reports_of("from use to death").empty());
}

TYPED_TEST(reports, know_nothing_of_a_pool_without_a_name) {
    const auto count = [] {
        std::size_t n = 0;
        cenote::detail::pool_records.for_each([&n](const pool_report&) { ++n; });
        return n;
    };
    const std::size_t before = count();
    typename TestFixture::pool_type pool{growth{}};
    pool.destroy(pool.create(std::uint64_t{1}));
    EXPECT_EQ(count(), before);
}

// A trim empties this thread's magazines, and is the last exchange.
TYPED_TEST(reports, say_what_stats_say_after_an_exchange) {
    typename TestFixture::pool_type pool{growth::up_to(100'000).named("counted")};
    std::vector<object*> objects;
    for (std::uint64_t i = 0; i != 5000; ++i)
        objects.push_back(pool.create(i));
    for (std::size_t i = 0; i < objects.size(); i += 2)
        pool.destroy(std::exchange(objects[i], nullptr));
    pool.trim();
    const pool_report r = report_of("counted");
    const cenote::pool_stats s = pool.stats();
    EXPECT_EQ(r.live, 2500U);
    EXPECT_EQ(r.live, s.live);
    EXPECT_EQ(r.capacity, s.capacity);
    EXPECT_EQ(r.limit, 100'000U);
    EXPECT_EQ(r.block_size, s.block_size);
    EXPECT_EQ(r.bytes, s.bytes);
    EXPECT_EQ(r.segments, s.segments);
    EXPECT_EQ(r.slabs, s.slabs);
    EXPECT_GE(r.opened, 5000U);
    EXPECT_LE(r.opened, r.capacity);
    EXPECT_GT(r.refills, 0U);
    EXPECT_EQ(r.refused, 0U);
    EXPECT_GE(r.peak_bytes, r.bytes);
    EXPECT_DOUBLE_EQ(r.fragmentation(), 1.0 - 2500.0 / static_cast<double>(r.opened));
    EXPECT_GE(r.peak, r.live);
    EXPECT_LE(r.peak, r.peak_bytes / r.block_size);
    for (object* const p : objects)
        pool.destroy(p);
    pool.trim();
    EXPECT_EQ(report_of("counted").bytes, 0U);
    EXPECT_EQ(report_of("counted").live, 0U);
    EXPECT_GE(report_of("counted").peak_bytes, r.bytes);
}

// Between exchanges a report is behind by less than what a magazine holds. (Lists are not magazines.)
TYPED_TEST(reports, are_behind_by_a_magazine_at_most) {
    if constexpr (TypeParam::knows_its_objects && TypeParam::link_bytes == 0) {
        typename TestFixture::pool_type pool{growth{}.named("behind")};
        std::vector<object*> objects;
        for (std::uint64_t i = 0; i != 20'000; ++i) {
            objects.push_back(pool.create(i));
            if (i % 997 != 0) continue;
            const pool_report r = report_of("behind");
            EXPECT_LE(r.live, i + 1 + 1024);
            EXPECT_GE(r.live + 1024, i + 1);
        }
        EXPECT_GE(report_of("behind").peak + 1024, objects.size());
        for (object* const p : objects)
            pool.destroy(p);
        EXPECT_GT(report_of("behind").flushes, 0U);
        EXPECT_LE(report_of("behind").live, 1024U);
    }
}

TYPED_TEST(reports, count_each_request_that_was_refused) {
    typename TestFixture::pool_type pool{growth::fixed(10).named("small")};
    std::vector<object*> objects;
    while (object* const p = pool.try_create(std::uint64_t{1}))
        objects.push_back(p);
    EXPECT_EQ(report_of("small").refused, 1U);
    EXPECT_EQ(pool.try_create(std::uint64_t{1}), nullptr);
    EXPECT_FALSE(pool.try_preheat(5));
    EXPECT_EQ(report_of("small").refused, 3U);
    for (object* const p : objects)
        pool.destroy(p);
}

TYPED_TEST(reports, see_a_reset) {
    using plain = std::uint64_t;
    typename TypeParam::template pool<plain> pool{growth{}.named("reset")};
    for (int i = 0; i != 3000; ++i)
        (void)pool.create(plain{1});
    pool.reset(cenote::reset_mode::retain_capacity());
    EXPECT_EQ(report_of("reset").live, 0U);
    EXPECT_EQ(report_of("reset").capacity, pool.capacity());
    pool.reset(cenote::reset_mode::free_all());
    EXPECT_EQ(report_of("reset").bytes, 0U);
}

TEST(reports_of_pools, follow_one_that_moves) {
    std::optional<cenote::object_pool<object>> first{growth{}.named("moved")};
    object* const p = first->create(std::uint64_t{1});
    const pool_report before = report_of("moved");
    cenote::object_pool<object> second{std::move(*first)};
    first.reset();
    EXPECT_EQ(report_of("moved").id, before.id);
    second.destroy(p);
    second.trim();
    EXPECT_EQ(report_of("moved").live, 0U);
}

TEST(reports_of_pools, tell_pools_of_one_name_apart) {
    cenote::object_pool<object> a{growth{}.named("twins")};
    cenote::cached_pool<object> b{growth{}.named("twins")};
    a.destroy(a.create(std::uint64_t{1}));
    b.destroy(b.create(std::uint64_t{1}));
    const std::vector<pool_report> both = reports_of("twins");
    ASSERT_EQ(both.size(), 2U);
    EXPECT_NE(both[0].id, both[1].id);
    EXPECT_STRNE(both[0].kind, both[1].kind);
}

struct with_a_named_policy {
    static constexpr growth policy = growth{}.named("static");
};
TEST(reports_of_pools, have_static_ones_by_their_tags_policy) {
    cenote::static_cached_pool<object, with_a_named_policy> pool;
    pool.destroy(pool.create(std::uint64_t{1}));
    EXPECT_STREQ(report_of("static").kind, "static_cached_pool");
}

TEST(reports_of_pools, have_a_family_as_one_for_each_size) {
    cenote::shared_pool_family family{growth{}.named("family")};
    using text = std::array<char, 200>;
    std::list<int, cenote::pool_allocator<int, cenote::shared_pool_family>> numbers{family};
    std::list<text, cenote::pool_allocator<text, cenote::shared_pool_family>> texts{family};
    numbers.emplace_back(1);
    texts.emplace_back();
    const std::vector<pool_report> both = reports_of("family");
    ASSERT_EQ(both.size(), 2U);
    EXPECT_NE(both[0].block_size, both[1].block_size);
    EXPECT_STREQ(both[0].kind, "shared_pool_family");
}

TEST(reports_of_pools, have_a_handle_pool_under_its_own_kind) {
    cenote::handle_pool<object> pool{growth{}.named("by handle")};
    pool.destroy(pool.create(std::uint64_t{1}));
    EXPECT_STREQ(report_of("by handle").kind, "handle_pool");
}

TEST(reports_of_arenas, are_of_their_last_step_and_count_in_bytes) {
    {
        cenote::arena arena{cenote::arena_growth{.first_bytes = 4_KiB, .name = "frame"}};
        EXPECT_TRUE(reports_of("frame").empty());
        (void)arena.allocate(1000, 8);
        EXPECT_STREQ(report_of("frame").kind, "arena");
        EXPECT_EQ(report_of("frame").live, 1000U);
        EXPECT_EQ(report_of("frame").block_size, 1U);
        (void)arena.allocate(100'000, 8);
        EXPECT_EQ(report_of("frame").bytes, arena.stats().bytes);
        EXPECT_EQ(report_of("frame").slabs, 2U);
        EXPECT_EQ(arena.try_allocate(std::size_t{1} << 62, 8), nullptr);
        EXPECT_EQ(report_of("frame").refused, 1U);
        cenote::arena moved{std::move(arena)};
        moved.reset(cenote::reset_mode::free_all());
        EXPECT_EQ(report_of("frame").live, 0U);
        EXPECT_EQ(report_of("frame").bytes, 0U);
        EXPECT_GE(report_of("frame").peak, 101'000U);
    }
    EXPECT_TRUE(reports_of("frame").empty());
}

TEST(reports_of_heaps, have_that_of_the_process_and_its_size_classes) {
    cenote::heap& h = cenote::heap::process();
    void* const p = h.allocate(3000);
    std::size_t heaps = 0;
    std::size_t classes = 0;
    for (const pool_report& r : reports_of("process")) {
        if (r.kind == std::string_view{"heap"}) {
            ++heaps;
            EXPECT_EQ(r.bytes, h.stats().held);
            EXPECT_GE(r.live, 3000U);
        } else if (r.block_size == h.usable_size(p)) {
            ++classes;
            EXPECT_STREQ(r.kind, "size_class");
            EXPECT_GE(r.live, 1U);
            EXPECT_GE(r.refills, 1U);
        }
    }
    h.deallocate(p);
    EXPECT_EQ(heaps, 1U);
    EXPECT_EQ(classes, 1U);
}

TEST(reports_of_heaps, have_others_that_have_a_name) {
    {
        cenote::heap named{{.limit = 8 << 20, .name = "own"}};
        const cenote::heap nameless;
        EXPECT_EQ(named.try_allocate(std::size_t{1} << 30), nullptr);
        const pool_report r = report_of("own");
        EXPECT_STREQ(r.kind, "heap");
        EXPECT_EQ(r.limit, std::size_t{8} << 20);
        EXPECT_EQ(r.refused, 1U);
    }
    EXPECT_TRUE(reports_of("own").empty());
}

// Memory cut into small pieces, none of which comes back.
struct small_pieces {
    std::vector<std::unique_ptr<std::byte[]>> memory;
    std::size_t next = 0;
    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        constexpr std::size_t whole = 1 << 20;
        if (memory.empty() || next + bytes + alignment > whole) {
            memory.push_back(std::make_unique<std::byte[]>(whole));
            next = 0;
        }
        const std::uintptr_t base = cenote::detail::address_of(memory.back().get());
        const std::size_t at = cenote::detail::round_up(base + next, alignment) - base;
        next = at + bytes;
        return memory.back().get() + at;
    }
    void deallocate(void*, std::size_t, std::size_t) noexcept {}
};

TEST(reports_of_pools, have_100000_of_them) {
    using pool_type =
        cenote::object_pool<std::uint64_t, cenote::pool_options{}, cenote::source_ref<small_pieces>>;
    constexpr std::size_t count = 100'000;
    const std::uint64_t ended = cenote::report_of_ended_pools().pools;
    small_pieces source;
    {
        std::deque<pool_type> pools;
        for (std::size_t i = 0; i != count; ++i)
            (void)pools.emplace_back(growth::fixed(1).named("of many"), source).create(i);
        EXPECT_EQ(reports_of("of many").size(), count);
    }
    EXPECT_TRUE(reports_of("of many").empty());
    EXPECT_EQ(cenote::report_of_ended_pools().pools, ended + count);
}

TYPED_TEST(reports, are_taken_while_threads_use_the_pool) {
    if constexpr (std::is_same_v<TypeParam, locked_pools> || std::is_same_v<TypeParam, lockfree_pools> ||
                  std::is_same_v<TypeParam, cached_pools>) {
        typename TestFixture::pool_type pool{growth{}.named("busy")};
        std::atomic<bool> done{false};
        std::thread asks{[&] {
            while (!done.load()) {
                for (const pool_report& r : reports_of("busy")) {
                    ASSERT_LE(r.live, r.capacity);
                    ASSERT_LE(r.opened, r.capacity);
                    ASSERT_LE(r.live, r.peak);
                    ASSERT_LE(r.bytes, r.peak_bytes);
                }
            }
        }};
        on_threads(3, [&](unsigned) {
            std::vector<object*> mine(2000);
            for (int round = 0; round != 20; ++round) {
                for (object*& p : mine)
                    p = pool.create(std::uint64_t{1});
                for (object* const p : mine)
                    pool.destroy(p);
            }
        });
        done.store(true);
        asks.join();
        EXPECT_GT(report_of("busy").refills, 0U);
    }
}

// ThreadSanitizer does not follow a fork of a program with threads.
#if !CENOTE_TSAN
TEST(reports_of_pools, go_on_in_the_child_of_a_fork) {
    cenote::cached_pool<object> pool{growth{}.named("forked")};
    std::atomic<bool> done{false};
    std::atomic<bool> started{false};
    std::thread load{[&] {
        std::vector<object*> mine(3000);
        while (!done.load()) {
            cenote::object_pool<object> short_lived{growth{}.named("short-lived")};
            short_lived.destroy(short_lived.create(std::uint64_t{1}));
            pool.create_n(mine, std::uint64_t{1});
            pool.destroy_n(mine);
            started.store(true);
        }
    }};
    while (!started.load())
        std::this_thread::yield();
    for (int i = 0; i != 20; ++i)
        EXPECT_EQ(in_a_child([&] {
                      std::size_t found = 0;
                      cenote::object_pool<object> born{growth{}.named("born in the child")};
                      (void)born.create(std::uint64_t{1});
                      (void)pool.create(std::uint64_t{1});
                      cenote::for_each_pool_report([&found](const pool_report& r) {
                          found += std::string_view{r.name} == "born in the child" ? 1U : 0U;
                          found += std::string_view{r.name} == "forked" ? 1U : 0U;
                      });
                      return found == 2 ? 0 : 1;
                  }),
                  0);
    done.store(true);
    load.join();
}
#endif

} // namespace
} // namespace cenote_test
