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

// each(column, bytes) for what a call site has at a column's end, where it has any.
template <class Each>
void for_each_column(const std::vector<site_change>& changes, std::size_t columns, Each each) {
    for (std::size_t i = 0; i != changes.size(); ++i) {
        const std::size_t end = i + 1 == changes.size() ? columns : changes[i + 1].column;
        for (std::size_t c = changes[i].column; c < end && changes[i].live > 0; ++c)
            each(c, changes[i].live);
    }
}

json rounded_json(const std::vector<double>& values) {
    json list = json::array();
    for (const double value : values)
        list.push_back(rounded(value));
    return list;
}

// Live bytes over time of the call sites that are shown, and of the others together.
json layers_json(const trace_summary& of, const std::vector<std::size_t>& shown) {
    json layers = json::array();
    for (const std::size_t i : shown) {
        std::vector<double> layer(of.columns.size());
        for_each_column(of.live_by_site[i], layer.size(),
                        [&](std::size_t c, double live) { layer[c] = live; });
        layers.push_back(rounded_json(layer));
    }
    std::vector<double> others(of.columns.size());
    for (std::size_t i = 0; i != of.live_by_site.size(); ++i)
        if (std::find(shown.begin(), shown.end(), i) == shown.end())
            for_each_column(of.live_by_site[i], others.size(),
                            [&](std::size_t c, double live) { others[c] += live; });
    layers.push_back(rounded_json(others));
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
    std::vector<double> weights(of.live_by_site.size());
    for (std::size_t i = 0; i != weights.size(); ++i)
        for_each_column(of.live_by_site[i], of.columns.size(),
                        [&](std::size_t, double live) { weights[i] += live; });
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
    return {{"sites", list}, {"live", layers_json(of, shown)}, {"table", table}, {"all", count}};
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
