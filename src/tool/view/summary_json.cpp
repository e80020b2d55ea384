#include "summary_json.hpp"

#include "base64.hpp"
#include "ranking.hpp"
#include "stacks_json.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

namespace cenote::tool {

using nlohmann::json;

namespace {

constexpr std::size_t shown_ranges = 12; // of size groups
constexpr std::size_t listed_sizes = 50;

std::string end_text(const trace_end& end) {
    switch (end.why) {
    case trace_end::reason::exited:
        return "exit status " + std::to_string(end.value);
    case trace_end::reason::signalled:
        return "signal " + std::to_string(end.value) + " (" +
               ::strsignal(static_cast<int>(end.value & 127U)) + ")";
    case trace_end::reason::ended:
        return "ended, how is not known,";
    case trace_end::reason::stopped:
        return "still running when the recording was stopped";
    case trace_end::reason::disk_full:
        return "the trace ends where the disk was full";
    case trace_end::reason::unknown:
        break;
    }
    return "the trace has no end";
}

json trace_json(const trace_summary& of, const trace_reader& trace, const std::string& path) {
    const trace_description& about = trace.about();
    return {{"file", path},
            {"command", about.program},
            {"process", about.process},
            {"started", static_cast<double>(about.started) * 1e-9},
            {"allocator", about.allocator},
            {"stack_interval", about.stack_interval},
            {"forked", about.forked},
            {"end", end_text(trace.end())},
            {"events", of.survey.events},
            {"lost", trace.end().lost},
            {"notes", trace.notes()}};
}

json totals_json(const trace_summary& of) {
    return {{"seconds", static_cast<double>(of.survey.last_time) * 1e-9},
            {"allocations", of.allocations},
            {"reallocs", of.reallocs},
            {"frees", of.frees},
            {"failed", of.failed},
            {"unknown_frees", of.unknown_frees},
            {"bytes", of.bytes},
            {"threads", of.threads},
            {"stacks", of.stacks_drawn},
            {"most_live", of.survey.most_live},
            {"most_live_column", of.most_live_column},
            {"live_at_end", of.left_bytes},
            {"blocks_at_end", of.left_blocks}};
}

json columns_json(const trace_summary& of) {
    json live = json::array();
    json most = json::array();
    json pages = json::array();
    json slabs = json::array();
    json allocations = json::array();
    for (const view_column& each : of.columns) {
        live.push_back(each.state.live);
        most.push_back(each.most_live);
        pages.push_back(each.state.pages);
        slabs.push_back(each.state.slabs);
        allocations.push_back(each.allocations);
    }
    return {
        {"count", of.columns.size()}, {"live", live}, {"most_live", most}, {"pages", pages}, {"slabs", slabs},
        {"allocations", allocations}};
}

// Neighbours together until they weigh as much as `most`: the groups that begin a range.
std::vector<std::size_t> range_begins(const std::vector<double>& weights, double most) {
    std::vector<std::size_t> begins;
    double sum = 0;
    for (std::size_t i = 0; i != weights.size(); ++i) {
        if (weights[i] <= 0) continue;
        if (begins.empty() || sum + weights[i] > most) {
            begins.push_back(i);
            sum = 0;
        }
        sum += weights[i];
    }
    return begins;
}

json groups_json(const trace_summary& of) {
    std::vector<double> weights(size_groups);
    for (const view_column& each : of.columns)
        for (std::size_t i = 0; i != size_groups; ++i)
            weights[i] += static_cast<double>(each.live_by_group[i]);
    // As even as there are sizes for it.
    double most = std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(shown_ranges);
    std::vector<std::size_t> begins = range_begins(weights, most);
    while (begins.size() > shown_ranges)
        begins = range_begins(weights, most *= 1.1);
    json list = json::array();
    json layers = json::array();
    for (std::size_t r = 0; r != begins.size(); ++r) {
        std::size_t end = r + 1 == begins.size() ? size_groups : begins[r + 1];
        json layer = json::array();
        for (const view_column& each : of.columns) {
            std::uint64_t sum = 0;
            for (std::size_t i = begins[r]; i != end; ++i)
                sum += each.live_by_group[i];
            layer.push_back(sum);
        }
        layers.push_back(std::move(layer));
        while (weights[end - 1] <= 0)
            --end;
        list.push_back({{"from", size_group_begin(begins[r])}, {"to", size_group_end(end - 1)}});
    }
    return {{"groups", list}, {"live", layers}};
}

json lifetimes_json(const trace_summary& of) {
    const auto& ended = of.lived.ended;
    std::size_t longest = lifetimes::shortest;
    json rows = json::array();
    for (const auto& row : ended)
        for (std::size_t t = 0; t != row.size(); ++t)
            if (row[t].blocks != 0) longest = std::max(longest, t);
    for (std::size_t s = 0; s != ended.size(); ++s) {
        json blocks = json::array();
        json bytes = json::array();
        std::uint64_t any = of.lived.left[s].blocks;
        for (std::size_t t = lifetimes::shortest; t <= longest; ++t) {
            blocks.push_back(ended[s][t].blocks);
            bytes.push_back(ended[s][t].bytes);
            any += ended[s][t].blocks;
        }
        if (any == 0) continue;
        rows.push_back({{"size_log2", s},
                        {"blocks", blocks},
                        {"bytes", bytes},
                        {"left_blocks", of.lived.left[s].blocks},
                        {"left_bytes", of.lived.left[s].bytes}});
    }
    return {{"shortest_log2", lifetimes::shortest}, {"longest_log2", longest}, {"rows", rows}};
}

json sizes_json(const trace_summary& of) {
    std::vector<std::pair<std::uint64_t, view_size>> all(of.sizes.begin(), of.sizes.end());
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::set<std::size_t> listed;
    const std::function<double(std::uint64_t, const view_size&)> orders[] = {
        [](std::uint64_t, const view_size& s) { return static_cast<double>(s.requests); },
        [](std::uint64_t n, const view_size& s) {
            return static_cast<double>(n) * static_cast<double>(s.requests);
        },
        [](std::uint64_t n, const view_size& s) {
            return static_cast<double>(n) * static_cast<double>(s.most_live);
        }};
    for (const auto& order : orders) {
        std::vector<double> by;
        by.reserve(all.size());
        for (const auto& [size, s] : all)
            by.push_back(order(size, s));
        const auto most = heaviest(by, listed_sizes);
        listed.insert(most.begin(), most.end());
    }
    json table = json::array();
    for (const std::size_t i : listed) {
        const auto& [size, s] = all[i];
        json row{{"size", size},
                 {"requests", s.requests},
                 {"bytes", static_cast<double>(size) * static_cast<double>(s.requests)},
                 {"most_live", s.most_live},
                 {"live_at_end", s.live}};
        row["mean_lifetime"] =
            s.ended == 0 ? json() : json(s.lifetimes / static_cast<double>(s.ended) * 1e-9);
        table.push_back(std::move(row));
    }
    return {{"all", all.size()}, {"table", table}};
}

json map_json(const trace_summary& of) {
    json slabs = json::array();
    std::uint64_t before = 0;
    for (const std::uint64_t each : of.map.slabs()) {
        slabs.push_back(each / of.map.slab_bytes() - before);
        before = each / of.map.slab_bytes();
    }
    return {{"square_bytes", of.map.square_bytes()},
            {"slab_bytes", of.map.slab_bytes()},
            {"slabs", slabs},
            {"levels", memory_map::full},
            {"moment_columns", of.moments},
            {"moments", base64(of.map.moments())}};
}

} // namespace

json summary_json(const trace_summary& of, const trace_reader& trace, const std::string& path) {
    return {
        {"trace", trace_json(of, trace, path)}, {"totals", totals_json(of)},    {"columns", columns_json(of)},
        {"size_groups", groups_json(of)},       {"call_sites", sites_json(of)}, {"flame", flame_json(of)},
        {"lifetimes", lifetimes_json(of)},      {"sizes", sizes_json(of)},      {"map", map_json(of)}};
}

} // namespace cenote::tool
