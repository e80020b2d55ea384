// Summaries of traces whose every event is known, against sums that are made the simple way.
#include "tool/trace/writer.hpp"
#include "tool/view/decoded_map.hpp"
#include "tool/view/summary.hpp"
#include "tool/view/summary_json.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

namespace cenote::tool {
namespace {

class view_summary : public testing::Test {
protected:
    view_summary() { ::close(::mkstemp(path_.data())); }
    ~view_summary() override { std::remove(path_.c_str()); }

    void write(const std::function<void(trace_writer&)>& what, std::uint64_t interval = 1) {
        trace_writer to(path_, {.program = {"made", "up"},
                                .process = 1,
                                .stack_interval = interval,
                                .page_size = 4096,
                                .allocator = {}});
        what(to);
        to.close({.why = trace_end::reason::exited});
    }
    trace_summary summary() {
        trace_reader trace(path_);
        return summarize(trace, [](double) {});
    }
    nlohmann::json as_json() {
        trace_reader trace(path_);
        const trace_summary of = summarize(trace, [](double) {});
        return summary_json(of, trace, path_);
    }

    std::string path_ = testing::TempDir() + "cenote_view_XXXXXX";
};

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t base = 0x10'0000;

event allocation(std::uint64_t time, std::uint64_t address, std::uint64_t size, std::uint32_t stack = 0) {
    return {.kind = event_kind::malloc, .stack = stack, .time = time, .address = address, .size = size};
}
event release(std::uint64_t time, std::uint64_t object) {
    return {.kind = event_kind::free, .time = time, .object = object};
}

TEST_F(view_summary, of_a_few_calls_has_each_of_them) {
    write([](trace_writer& to) {
        to.add({.kind = event_kind::thread_begin});
        const auto a = to.add(allocation(0, base, 100));
        const auto b = to.add(allocation(10 * ms, base + 4096, 50));
        to.add(release(20 * ms, a));
        event grown = allocation(30 * ms, base + 8192, 5000);
        grown.kind = event_kind::realloc;
        grown.old_object = b;
        to.add(grown);
        event refused = allocation(31 * ms, 0, 1 << 30);
        refused.failed = true;
        to.add(refused);
        to.add({.kind = event_kind::free, .time = 32 * ms, .address = 16}); // from before
        to.add({.kind = event_kind::thread_begin, .thread = 1, .time = 100 * ms});
    });
    const trace_summary s = summary();
    EXPECT_EQ(s.survey.events, 8U);
    EXPECT_EQ(s.survey.last_time, 100 * ms);
    EXPECT_EQ(s.survey.most_live, 5000U);
    EXPECT_EQ(s.allocations, 3U);
    EXPECT_EQ(s.reallocs, 1U);
    EXPECT_EQ(s.frees, 2U);
    EXPECT_EQ(s.unknown_frees, 1U);
    EXPECT_EQ(s.failed, 1U);
    EXPECT_EQ(s.threads, 2U);
    EXPECT_EQ(s.bytes, 5150U);
    EXPECT_EQ(s.left_blocks, 1U);
    EXPECT_EQ(s.left_bytes, 5000U);
    EXPECT_EQ(s.most_live_column, s.times.column_of(30 * ms));

    ASSERT_EQ(s.columns.size(), view_columns);
    const auto live_at = [&](std::uint64_t time) { return s.columns[s.times.column_of(time)].state.live; };
    EXPECT_EQ(live_at(0), 100U);
    EXPECT_EQ(live_at(5 * ms), 100U);
    EXPECT_EQ(live_at(15 * ms), 150U);
    EXPECT_EQ(live_at(25 * ms), 50U);
    EXPECT_EQ(live_at(100 * ms), 5000U);
    EXPECT_EQ(s.columns[s.times.column_of(20 * ms)].most_live, 150U);
    EXPECT_EQ(s.columns[s.times.column_of(15 * ms)].state.pages, 2U * 4096);
    EXPECT_EQ(s.columns[s.times.column_of(35 * ms)].state.pages, 2U * 4096); // 5,000 bytes
    EXPECT_EQ(s.columns[s.times.column_of(35 * ms)].state.slabs, address_ranges::slab_bytes);

    EXPECT_EQ(s.lived.ended[doubling_of(100)][doubling_of(20 * ms)].blocks, 1U);
    EXPECT_EQ(s.lived.ended[doubling_of(50)][doubling_of(20 * ms)].bytes, 50U);
    EXPECT_EQ(s.lived.left[doubling_of(5000)].blocks, 1U);
    EXPECT_EQ(s.sizes.at(100).ended, 1U);
    EXPECT_NEAR(s.sizes.at(100).lifetimes, 20.0 * ms, 64);
    EXPECT_EQ(s.sizes.at(5000).live, 1U);
}

TEST_F(view_summary, divides_what_is_live_by_stacks_where_each_was_drawn) {
    write([](trace_writer& to) {
        to.define_stack(1, std::vector<std::uint64_t>{0x1001, 0x2001});
        to.define_stack(2, std::vector<std::uint64_t>{0x3001, 0x2001});
        const auto a = to.add(allocation(0, base, 1000, 1));
        to.add(allocation(1 * ms, base + 4096, 3000, 2));
        to.add(release(2 * ms, a));
        to.add(allocation(3 * ms, base + 8192, 500, 1));
    });
    const nlohmann::json j = as_json();
    const auto& sites = j["call_sites"];
    ASSERT_EQ(sites["sites"].size(), 2U);
    EXPECT_EQ(sites["sites"][0]["name"], "0x3001");
    EXPECT_EQ(sites["sites"][1]["name"], "0x1001");
    const std::size_t last = view_columns - 1;
    EXPECT_EQ(sites["live"][0][last], 3000);
    EXPECT_EQ(sites["live"][1][0], 1000);
    EXPECT_EQ(sites["live"][1][last], 500);
    EXPECT_EQ(sites["live"][2][last], 0); // others
    EXPECT_EQ(j["totals"]["stacks"], 3);
    for (const auto& row : sites["table"]) {
        const bool first = row["name"] == "0x1001";
        EXPECT_EQ(row["bytes"], first ? 1500 : 3000);
        EXPECT_EQ(row["allocations"], first ? 2 : 1);
        EXPECT_EQ(row["live_at_peak"], first ? 1000 : 3000);
        EXPECT_EQ(row["live_at_end"], first ? 500 : 3000);
    }
    // parent, name, module, file, line, measures
    const auto& frames = j["flame"]["frames"];
    ASSERT_EQ(frames.size(), 4U);
    EXPECT_EQ(frames[0][5], 4500);
    EXPECT_EQ(j["flame"]["texts"][frames[1][1].get<std::size_t>()], "0x2001");
    EXPECT_EQ(frames[1][5], 4500);
    EXPECT_EQ(frames[2],
              (nlohmann::json{1, frames[2][1], frames[2][2], frames[2][3], 0, 1500, 2, 1000, 500}));
}

TEST_F(view_summary, has_of_each_call_site_shown_what_was_live_at_every_columns_end) {
    constexpr std::uint32_t count = 40; // more than are shown
    const auto time_of = [](std::uint32_t i) { return i * ms; };
    write([&](trace_writer& to) {
        std::vector<std::uint64_t> made;
        for (std::uint32_t i = 0; i != count; ++i) {
            to.define_stack(i + 1, std::vector<std::uint64_t>{0x1001 + 0x1000 * i});
            made.push_back(to.add(allocation(time_of(i), base + 4096 * i, 100 + i, i + 1)));
        }
        for (std::uint32_t i = 0; i != count; ++i)
            to.add(release(time_of(count + i), made[i]));
    });
    const trace_summary s = summary();
    const nlohmann::json j = as_json();
    const auto& live = j["call_sites"]["live"];
    const auto& shown = j["call_sites"]["sites"];
    ASSERT_EQ(live.size(), shown.size() + 1);
    for (std::size_t c = 0; c != view_columns; ++c) {
        std::uint64_t all = 0;
        std::uint64_t shown_live = 0;
        for (std::uint32_t i = 0; i != count; ++i) {
            const bool is_live =
                s.times.column_of(time_of(i)) <= c && s.times.column_of(time_of(count + i)) > c;
            all += is_live ? 100 + i : 0;
        }
        for (std::size_t i = 0; i != live.size(); ++i)
            shown_live += live[i][c].get<std::uint64_t>();
        ASSERT_EQ(shown_live, all) << c;
    }
    for (std::size_t i = 0; i != shown.size(); ++i) {
        const auto number = static_cast<std::uint32_t>(
            std::stoul(shown[i]["name"].get<std::string>(), nullptr, 16) / 0x1000 - 1);
        for (std::size_t c = 0; c != view_columns; ++c) {
            const bool is_live =
                s.times.column_of(time_of(number)) <= c && s.times.column_of(time_of(count + number)) > c;
            ASSERT_EQ(live[i][c], is_live ? 100 + number : 0) << c;
        }
    }
    std::size_t changes = 0;
    for (const auto& each : s.live_by_site)
        changes += each.size();
    EXPECT_EQ(changes, 2 * count) << "no column holds what did not change";
}

TEST_F(view_summary, forgets_at_an_exec_what_was_live) {
    write([](trace_writer& to) {
        to.add(allocation(0, base, 100));
        to.add({.kind = event_kind::exec, .time = 1 * ms});
        to.add(allocation(2 * ms, base, 30));
    });
    const trace_summary s = summary();
    EXPECT_EQ(s.left_bytes, 30U);
    EXPECT_EQ(s.columns.back().state.live, 30U);
    EXPECT_EQ(s.columns[s.times.column_of(1 * ms + 200'000)].state.live, 0U);
}

TEST_F(view_summary, has_the_peak_as_it_was_and_the_end_as_it_was_however_close_they_are) {
    write([](trace_writer& to) {
        to.add(allocation(0, base, 256));
        const auto a = to.add(allocation(1000 * ms, base + 256, 256));
        to.add(release(1000 * ms, a));
    });
    const trace_summary s = summary();
    EXPECT_EQ(s.columns[s.most_live_column].state.live, 512U);
    EXPECT_EQ(s.columns.back().state.live, 256U);
    const auto moments = decoded_moments(s.map);
    const auto at_peak =
        std::find(s.moments.begin(), s.moments.end(), s.most_live_column) - s.moments.begin();
    EXPECT_EQ(moments[static_cast<std::size_t>(at_peak)][1], memory_map::full);
    EXPECT_EQ(moments.back()[1], 0U);
    EXPECT_EQ(moments.back()[0], memory_map::full);
}

TEST_F(view_summary, of_events_at_one_time_is_one_state) {
    write([](trace_writer& to) { to.add(allocation(0, base, 100)); });
    const trace_summary s = summary();
    ASSERT_EQ(s.columns.size(), view_columns);
    EXPECT_EQ(s.columns.back().state.live, 100U);
}

TEST_F(view_summary, of_many_random_calls_has_the_sums_of_all_of_them) {
    constexpr std::size_t count = 30'000;
    std::mt19937_64 random(3);
    std::map<std::uint64_t, event> live;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> live_after; // time, bytes
    std::map<std::uint64_t, std::uint64_t> requests;
    std::uint64_t bytes = 0, freed = 0, live_bytes = 0, most = 0, allocated = 0;
    write([&](trace_writer& to) {
        std::uint64_t time = 0, next = base;
        to.define_stack(1, std::vector<std::uint64_t>{0x1001});
        for (std::size_t i = 0; i != count; ++i) {
            time += random() % 5 == 0 ? random() % 100'000 / 64 * 64 : 0;
            if (random() % 5 < 2 && !live.empty()) {
                auto gone = live.lower_bound(random() % allocated);
                if (gone == live.end()) gone = live.begin();
                to.add(release(time, gone->first));
                live_bytes -= gone->second.size;
                live.erase(gone);
                ++freed;
            } else {
                const event e =
                    allocation(time, next, random() % 2 == 0 ? random() % 200 : random() % 200'000, 1);
                next += e.size + 16;
                live[to.add(e)] = e;
                ++allocated;
                ++requests[e.size];
                bytes += e.size;
                live_bytes += e.size;
            }
            most = std::max(most, live_bytes);
            live_after.emplace_back(time, live_bytes);
        }
    });
    const trace_summary s = summary();
    EXPECT_EQ(s.survey.events, count);
    EXPECT_EQ(s.survey.most_live, most);
    EXPECT_EQ(s.bytes, bytes);
    EXPECT_EQ(s.left_bytes, live_bytes);
    EXPECT_EQ(s.left_blocks, live.size());

    // Columns: the state after the last event in it or before it; the groups make up all.
    std::vector<std::uint64_t> at_end(view_columns);
    for (const auto& [time, now] : live_after)
        at_end[s.times.column_of(time)] = now + 1;
    std::uint64_t before = 0;
    std::uint64_t in_columns = 0;
    for (std::size_t c = 0; c != view_columns; ++c) {
        before = at_end[c] == 0 ? before : at_end[c] - 1;
        const view_column& column = s.columns[c];
        const std::uint64_t live_then = c == s.most_live_column ? most : before;
        ASSERT_EQ(column.state.live, live_then) << c;
        std::uint64_t groups = 0;
        for (const std::uint64_t each : column.live_by_group)
            groups += each;
        ASSERT_EQ(groups, live_then) << c;
        ASSERT_GE(column.state.pages, live_then);
        ASSERT_GE(column.state.slabs, column.state.pages);
        ASSERT_GE(column.most_live, live_then);
        in_columns += column.allocations;
    }
    EXPECT_EQ(in_columns, allocated);
    EXPECT_EQ(s.columns[s.most_live_column].most_live, most);

    std::uint64_t ended = 0, left = 0;
    for (std::size_t size = 0; size != lifetimes::doublings; ++size) {
        for (const lifetimes::sum& each : s.lived.ended[size])
            ended += each.blocks;
        left += s.lived.left[size].blocks;
    }
    EXPECT_EQ(ended, freed);
    EXPECT_EQ(left, live.size());
    ASSERT_EQ(s.sizes.size(), requests.size());
    for (const auto& [size, n] : requests)
        ASSERT_EQ(s.sizes.at(size).requests, n);
    // Every stack was drawn, but for blocks of nothing each stands for itself.
    EXPECT_NEAR(s.by_stack.at(0).bytes, static_cast<double>(bytes), 1e-3 * static_cast<double>(bytes));
    // Every fifth column, the peak and the end have a moment.
    EXPECT_EQ(decoded_moments(s.map).size(), s.moments.size());
    EXPECT_TRUE(std::is_sorted(s.moments.begin(), s.moments.end()));
    std::set<std::size_t> moments{s.most_live_column, view_columns - 1};
    for (std::size_t c = 0; c < view_columns; c += columns_a_moment)
        moments.insert(c);
    EXPECT_EQ(std::set<std::size_t>(s.moments.begin(), s.moments.end()), moments);

    // What is shown of it makes up the same.
    const nlohmann::json j = as_json();
    const auto& layers = j["size_groups"]["live"];
    EXPECT_EQ(layers.size(), j["size_groups"]["groups"].size());
    EXPECT_LE(layers.size(), 12U);
    EXPECT_GE(layers.size(), 4U);
    for (std::size_t c = 0; c != view_columns; ++c) {
        std::uint64_t sum = 0;
        for (const auto& layer : layers)
            sum += layer[c].get<std::uint64_t>();
        ASSERT_EQ(sum, s.columns[c].state.live) << c;
    }
    std::uint64_t in_rows = 0;
    for (const auto& row : j["lifetimes"]["rows"])
        for (const auto& each : row["blocks"])
            in_rows += each.get<std::uint64_t>();
    EXPECT_EQ(in_rows, freed);
}

TEST_F(view_summary, bears_what_a_damaged_trace_may_say) {
    std::mt19937_64 random(4);
    write(
        [&](trace_writer& to) {
            to.define_module({.begin = 0,
                              .end = ~std::uint64_t{0},
                              .offset = random(),
                              .path = "/dev/full",
                              .build_id = "x"});
            for (int i = 0; i != 5000; ++i) {
                event e = allocation(random() >> (random() % 64), random() >> (random() % 64),
                                     random() >> (random() % 64), static_cast<std::uint32_t>(random() % 3));
                to.add(e);
                if (random() % 3 == 0) to.add(release(e.time, 1 + random() % 5000));
            }
        },
        4096);
    const nlohmann::json j = as_json();
    EXPECT_EQ(j["columns"]["count"], view_columns);
    EXPECT_LT(j.dump().size(), 4'000'000U);
}

TEST_F(view_summary, a_trace_of_nothing_is_no_trouble) {
    write([](trace_writer&) {});
    const nlohmann::json of = as_json();
    EXPECT_EQ(of["trace"]["events"], 0);
    EXPECT_EQ(of["totals"]["most_live"], 0);
    EXPECT_EQ(of["columns"]["live"].size(), view_columns);
    trace_reader trace(path_);
    summarize(trace, [](double) {});
    trace.require_events(); // it is whole
}

} // namespace
} // namespace cenote::tool
