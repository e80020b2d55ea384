#include "stacks_json.hpp"

#include "call_tree.hpp"
#include "ranking.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace cenote::tool {

using nlohmann::json;

namespace {

constexpr std::size_t shown_sites = 9; // others are one more
constexpr std::size_t listed_sites = 50;

// Live bytes over time of some of many, and of the others together. `at(column, i)` is what i has at a column's end.
template <class At>
json layers_json(const trace_summary& of, std::size_t count, const std::vector<std::size_t>& shown, At at) {
    json layers = json::array();
    std::vector<double> others(of.columns.size());
    for (std::size_t c = 0; c != others.size(); ++c)
        for (std::size_t i = 0; i != count; ++i)
            others[c] += at(of.columns[c], i);
    for (const std::size_t i : shown) {
        json layer = json::array();
        for (std::size_t c = 0; c != others.size(); ++c) {
            const double value = at(of.columns[c], i);
            others[c] -= value;
            layer.push_back(rounded(value));
        }
        layers.push_back(std::move(layer));
    }
    json rest = json::array();
    for (const double value : others)
        rest.push_back(rounded(std::max(value, 0.0)));
    layers.push_back(std::move(rest));
    return layers;
}

json site_json(const view_site& of) {
    return {{"name", of.name}, {"module", of.module}, {"file", of.file}, {"line", of.line}};
}

json measures_json(const measures& of) {
    return {{"bytes", rounded(of.bytes)},
            {"allocations", rounded(of.allocations)},
            {"live_at_peak", rounded(of.live_at_peak)},
            {"live_at_end", rounded(of.live_at_end)}};
}

} // namespace

json sites_json(const trace_summary& of) {
    const std::size_t count = of.names.sites().size();
    const auto at = [](const view_column& c, std::size_t i) {
        return i < c.live_by_site.size() ? c.live_by_site[i] : 0;
    };
    std::vector<double> weights(count);
    for (const view_column& each : of.columns)
        for (std::size_t i = 0; i != each.live_by_site.size(); ++i)
            weights[i] += each.live_by_site[i];
    const std::vector<std::size_t> shown = heaviest(weights, shown_sites);
    json list = json::array();
    for (const std::size_t i : shown)
        list.push_back(site_json(of.names.sites()[i]));

    std::vector<measures> sums(count);
    for (std::size_t i = 0; i != of.by_stack.size(); ++i)
        sums[of.names.stacks()[i].site] += of.by_stack[i];
    std::set<std::size_t> listed;
    for (const auto member : {&measures::bytes, &measures::live_at_peak, &measures::live_at_end}) {
        std::vector<double> by(count);
        for (std::size_t i = 0; i != count; ++i)
            by[i] = sums[i].*member;
        const auto most = heaviest(by, listed_sites);
        listed.insert(most.begin(), most.end());
    }
    json table = json::array();
    for (const std::size_t i : listed) {
        json row = site_json(of.names.sites()[i]);
        row.update(measures_json(sums[i]));
        table.push_back(std::move(row));
    }
    return {{"sites", list}, {"live", layers_json(of, count, shown, at)}, {"table", table}, {"all", count}};
}

json flame_json(const trace_summary& of) {
    const call_tree tree(of.names.stacks(), of.by_stack);
    json texts = json::array();
    std::map<std::string, std::size_t> known;
    const auto text = [&](const std::string& t) {
        const auto [found, is_new] = known.try_emplace(t, texts.size());
        if (is_new) texts.push_back(t);
        return found->second;
    };
    json frames = json::array();
    static const view_function all{.name = "all", .module = ""};
    for (const call_tree_frame& each : tree.frames()) {
        const view_function& f = frames.empty() ? all : of.names.functions()[each.function];
        frames.push_back({each.parent, text(f.name), text(f.module), text(f.file), f.line,
                          rounded(each.sum.bytes), rounded(each.sum.allocations),
                          rounded(each.sum.live_at_peak), rounded(each.sum.live_at_end)});
    }
    return {{"texts", texts}, {"frames", frames}, {"least_share", call_tree::least_share}};
}

} // namespace cenote::tool
