// The table of records alone: who has one, how it is read while it is written, and that it grows as pools do.
#include "cenote/pool/record_table.hpp"

#include "cenote/cenote.hpp"
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace cenote_test {
namespace {

using cenote::pool_report;
using cenote::detail::pool_record;
using cenote::detail::record_table;

pool_report read(const pool_record& r) {
    pool_report report;
    EXPECT_TRUE(r.read(report));
    return report;
}
std::vector<pool_report> all_of(const record_table& table) {
    std::vector<pool_report> all;
    table.for_each([&all](const pool_report& r) { all.push_back(r); });
    return all;
}

TEST(record_table, has_nothing_at_first) {
    const record_table table;
    EXPECT_TRUE(all_of(table).empty());
    EXPECT_EQ(table.find(&table), nullptr);
    EXPECT_EQ(table.find(nullptr), nullptr);
}

TEST(record_table, gives_each_pool_a_record_with_its_name_and_a_number_of_its_own) {
    record_table table;
    pool_record* const a = table.take("one", "object_pool");
    pool_record* const b = table.take("one", "cached_pool");
    ASSERT_NE(a, nullptr);
    ASSERT_NE(b, nullptr);
    EXPECT_NE(a, b);
    EXPECT_STREQ(read(*a).name, "one");
    EXPECT_STREQ(read(*a).kind, "object_pool");
    EXPECT_STREQ(read(*b).kind, "cached_pool");
    EXPECT_NE(read(*a).id, read(*b).id);
    EXPECT_EQ(all_of(table).size(), 2U);
}

TEST(record_table, knows_its_records_from_all_other_memory) {
    record_table table;
    const char* const name = "a name is not a record";
    pool_record* const r = table.take(name, "object_pool");
    EXPECT_EQ(table.find(r), r);
    EXPECT_EQ(table.find(name), nullptr);
    const record_table other;
    EXPECT_EQ(other.find(r), nullptr);
}

TEST(record_table, cuts_names_that_are_too_long_between_characters) {
    record_table table;
    const std::string plain(200, 'x');
    EXPECT_EQ(read(*table.take(plain.c_str(), "k")).name, std::string(95, 'x'));
    std::string two_bytes_each;
    for (int i = 0; i != 100; ++i)
        two_bytes_each += "\xC3\xBC";
    EXPECT_EQ(read(*table.take(two_bytes_each.c_str(), "k")).name, two_bytes_each.substr(0, 94));
    const std::string fits(95, 'y');
    EXPECT_EQ(read(*table.take(fits.c_str(), "k")).name, fits);
}

TEST(record_table, gives_records_of_dead_pools_to_new_ones_with_nothing_left_in_them) {
    record_table table;
    pool_record* const first = table.take("first", "object_pool");
    first->write([&] {
        pool_record::put(first->mine().live, std::size_t{7});
        pool_record::put(first->mine().refills, std::uint64_t{8});
    });
    table.give(*first);
    pool_report nothing;
    EXPECT_FALSE(first->read(nothing));
    EXPECT_TRUE(all_of(table).empty());
    pool_record* const second = table.take("second", "object_pool");
    EXPECT_EQ(second, first);
    EXPECT_EQ(read(*second).live, 0U);
    EXPECT_EQ(read(*second).refills, 0U);
    EXPECT_STREQ(read(*second).name, "second");
}

// As in the child of a fork that another thread's write came in between of.
TEST(record_table, has_its_records_read_although_their_writer_stopped_halfway) {
    record_table table;
    pool_record* const r = table.take("halfway", "object_pool");
    r->write([&] {
        pool_record::put(r->mine().live, std::size_t{7});
        const pool_report half = read(*r);
        EXPECT_STREQ(half.name, "halfway");
        EXPECT_EQ(half.live, 7U);
        EXPECT_EQ(half.capacity, 0U);
    });
}

TEST(record_table, adds_up_what_dead_pools_counted) {
    record_table table;
    for (int i = 0; i != 3; ++i) {
        pool_record* const r = table.take("gone", "object_pool");
        r->write([&] {
            pool_record::put(r->mine().refused, std::uint64_t{1});
            pool_record::put(r->mine().refills, std::uint64_t{10});
            pool_record::put(r->mine().flushes, std::uint64_t{100});
        });
        table.give(*r);
    }
    EXPECT_EQ(table.ended().pools, 3U);
    EXPECT_EQ(table.ended().refused, 3U);
    EXPECT_EQ(table.ended().refills, 30U);
    EXPECT_EQ(table.ended().flushes, 300U);
}

TEST(record_table, has_records_for_100000_pools_and_uses_them_again) {
    constexpr std::size_t count = 100'000;
    record_table table;
    std::set<pool_record*> records;
    for (std::size_t i = 0; i != count; ++i) {
        pool_record* const r = table.take("one of many", "object_pool");
        ASSERT_NE(r, nullptr);
        ASSERT_EQ(table.find(r), r);
        records.insert(r);
    }
    EXPECT_EQ(records.size(), count);
    for (pool_record* const r : records)
        table.give(*r);
    EXPECT_TRUE(all_of(table).empty());
    for (std::size_t i = 0; i != count; ++i)
        EXPECT_TRUE(records.contains(table.take("again", "object_pool")));
}

// Everything in a report is of one moment, and of one pool, whatever happens while it is taken.
TEST(record_table, is_read_by_threads_while_others_write_and_come_and_go) {
    record_table table;
    std::atomic<bool> done{false};
    std::atomic<std::size_t> seen{0};
    std::thread reader{[&] {
        while (!done.load())
            table.for_each([&](const pool_report& r) {
                ASSERT_EQ(r.capacity, r.live * 2);
                ASSERT_EQ(r.slabs, r.live * 3);
                // Between its birth and its first figures a record has a block size of 0.
                ASSERT_TRUE(r.block_size == 0 || r.name == "of thread " + std::to_string(r.block_size))
                    << r.name;
                seen.fetch_add(1);
            });
    }};
    on_threads(3, [&](unsigned t) {
        const std::string name = "of thread " + std::to_string(t + 1);
        for (std::size_t life = 0; life != 200 || (t == 0 && seen.load() < 100);
             life += life != 200 ? 1 : 0) {
            pool_record* const r = table.take(name.c_str(), "object_pool");
            for (std::size_t i = 0; i != 20; ++i)
                r->write([&] {
                    pool_record::put(r->mine().block_size, std::size_t{t} + 1);
                    pool_record::put(r->mine().live, i);
                    pool_record::put(r->mine().capacity, i * 2);
                    pool_record::put(r->mine().slabs, i * 3);
                });
            table.give(*r);
        }
    });
    done.store(true);
    reader.join();
    EXPECT_GE(seen.load(), 100U);
    EXPECT_TRUE(all_of(table).empty());
}

} // namespace
} // namespace cenote_test
