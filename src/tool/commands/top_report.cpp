#include "top_report.hpp"

#include "../support/text.hpp"

#include "cenote/slab/growth.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <tuple>

namespace cenote::tool {

namespace {

constexpr double idle_after = 1;     // seconds
constexpr double now_until = 0.01;   // seconds, about what a tick of the clock is
constexpr const char* unknown = "-"; // in place of a figure

bool is_heap(const detail::heap_report& r) { return std::strcmp(r.kind, "heap") == 0; }
bool is_size_class(const detail::heap_report& r) { return std::strcmp(r.kind, "size_class") == 0; }

std::size_t live_blocks(const detail::heap_report& r) { return r.live - std::min(r.in_magazines, r.live); }
std::size_t live_bytes(const detail::heap_report& r) { return live_blocks(r) * r.block_size; }

std::string rate_text(std::optional<double> rate, bool is_signed = false) {
    if (!rate) return unknown;
    const double size = *rate < 0 ? -*rate : *rate;
    std::string text = size < 9.95 && size >= 0.05
                           ? fixed_text(size, 1)
                           : with_commas(static_cast<std::uint64_t>(std::llround(size)));
    if (!is_signed || text == "0") return text;
    return (*rate < 0 ? "-" : "+") + text;
}

nlohmann::ordered_json rate_json(std::optional<double> rate) {
    return rate ? nlohmann::ordered_json(*rate) : nlohmann::ordered_json(nullptr);
}

bool comes_before(const top_row& a, const top_row& b, top_order order) {
    const auto by_name = [](const detail::heap_report& r) {
        return std::tuple(std::string(r.name), r.id, r.block_size);
    };
    const auto refills = [](const top_row& r) {
        return r.is.refills - (r.was ? std::min(r.was->refills, r.is.refills) : 0);
    };
    if (order == top_order::live_bytes && live_bytes(a.is) != live_bytes(b.is))
        return live_bytes(a.is) > live_bytes(b.is);
    if (order == top_order::held_bytes && a.is.bytes != b.is.bytes) return a.is.bytes > b.is.bytes;
    if (order == top_order::live && a.is.live != b.is.live) return a.is.live > b.is.live;
    if (order == top_order::refills && refills(a) != refills(b)) return refills(a) > refills(b);
    return by_name(a.is) < by_name(b.is);
}

std::string heap_text(const top_row& row) {
    const detail::heap_report& r = row.is;
    const auto bytes = [](std::size_t n) { return bytes_text(static_cast<double>(n)); };
    std::string text = "  heap " + printable(r.name) + ": " + bytes(live_blocks(r)) + " live, " +
                       bytes(r.in_magazines) + " in magazines of " + with_commas(r.threads) +
                       (r.threads == 1 ? " thread; " : " threads; ") + bytes(r.bytes) + " held, " +
                       bytes(r.peak_bytes) + " at most";
    if (r.limit != growth::no_limit) text += ", limit " + bytes(r.limit);
    text += "; resident " + bytes(r.opened) + " at most";
    if (r.refused != 0) text += "; " + with_commas(r.refused) + " requests refused";
    return text + "\n";
}

// The most that was live at a time, and what was refused: a size class knows neither, a heap as a whole not the first.
bool knows_peak(const detail::heap_report& r) { return !is_size_class(r) && !is_heap(r); }
bool knows_refusals(const detail::heap_report& r) { return !is_size_class(r); }
// What a pool's magazines hold is its threads' own business.
bool knows_magazines(const detail::heap_report& r) { return is_size_class(r) || is_heap(r); }

std::string figure_text(bool is_known, std::uint64_t figure) {
    return is_known ? with_commas(figure) : unknown;
}

nlohmann::ordered_json figure_json(bool is_known, std::uint64_t figure) {
    return is_known ? nlohmann::ordered_json(figure) : nlohmann::ordered_json(nullptr);
}

// The same fields in every row.
nlohmann::ordered_json row_json(const top_row& row, double seconds) {
    const detail::heap_report& r = row.is;
    nlohmann::ordered_json result{
        {"name", r.name}, {"kind", r.kind}, {"id", r.id}, {"block_size", r.block_size}};
    result["live"] = live_blocks(r);
    result["live_bytes"] = live_bytes(r);
    result["in_magazines"] = figure_json(knows_magazines(r), r.in_magazines);
    result["peak"] = figure_json(knows_peak(r), r.peak);
    result["capacity"] = r.capacity;
    result["opened"] = r.opened;
    result["held_bytes"] = r.bytes;
    result["peak_held_bytes"] = figure_json(!is_size_class(r), r.peak_bytes);
    result["limit"] = figure_json(r.limit != growth::no_limit, r.limit);
    result["segments"] = r.segments;
    result["slabs"] = r.slabs;
    result["refused"] = figure_json(knows_refusals(r), r.refused);
    result["refills"] = r.refills;
    result["flushes"] = r.flushes;
    result["threads"] = figure_json(knows_magazines(r), r.threads);
    result["per_second"] = {{"live", rate_json(row.live_per_second(seconds))},
                            {"refills", rate_json(row.per_second(&detail::heap_report::refills, seconds))},
                            {"flushes", rate_json(row.per_second(&detail::heap_report::flushes, seconds))}};
    return result;
}

} // namespace

std::optional<double> top_row::per_second(std::uint64_t detail::heap_report::*figure, double seconds) const {
    if (seconds <= 0) return std::nullopt;
    const std::uint64_t before = was ? (*was).*figure : 0;
    return static_cast<double>(is.*figure - std::min(before, is.*figure)) / seconds;
}

std::optional<double> top_row::live_per_second(double seconds) const {
    if (seconds <= 0) return std::nullopt;
    const double before = was ? static_cast<double>(live_blocks(*was)) : 0;
    return (static_cast<double>(live_blocks(is)) - before) / seconds;
}

top_view view_of(const watched_process& process, published_snapshot now, const published_snapshot& before,
                 top_order order, std::uint64_t clock) {
    top_view view;
    view.process = process.number();
    view.command = process.command();
    view.is_new = now.number != before.number;
    const auto seconds_since = [&](std::uint64_t then) {
        return clock > then ? static_cast<double>(clock - then) / 1e3 : 0.0;
    };
    view.age = seconds_since(now.taken);
    view.since = seconds_since(now.began);
    // Nothing came: nothing changed, as far as anybody knows.
    const std::uint64_t until = view.is_new ? now.taken : clock;
    if (before.number != 0 && until > before.taken)
        view.seconds = static_cast<double>(until - before.taken) / 1e3;
    for (const detail::heap_report& each : now.reports) {
        top_row row{each, std::nullopt};
        for (const detail::heap_report& old : before.reports)
            if (old.id == each.id && old.block_size == each.block_size &&
                std::strcmp(old.kind, each.kind) == 0 && std::strcmp(old.name, each.name) == 0)
                row.was = old;
        (is_heap(each) ? view.heaps : view.others).push_back(row);
    }
    std::sort(view.others.begin(), view.others.end(),
              [order](const top_row& a, const top_row& b) { return comes_before(a, b, order); });
    view.now = std::move(now);
    return view;
}

std::string top_text(const top_view& view) {
    std::string text =
        "cenote top: process " + std::to_string(view.process) + ", " + command_text(view.command);
    if (view.now.number == 0)
        return text +
               "\n  nothing yet: asked to publish, it does so when a magazine is next filled or emptied\n";
    text += ": figures of " + (view.age < now_until ? "now" : seconds_text(view.age) + " ago");
    if (view.age >= idle_after && !view.is_new)
        text += ", and no exchange since: it is idle, or its magazines suffice";
    text += "\n";
    for (const top_row& each : view.heaps)
        text += heap_text(each);
    text_table table({"", "kind<", "block size", "live", "+/s", "live bytes", "in magazines", "peak",
                      "held bytes", "refills/s", "flushes/s", "slabs", "refused"});
    for (const top_row& each : view.others) {
        const detail::heap_report& r = each.is;
        table.add({printable(r.name), printable(r.kind), with_commas(r.block_size),
                   with_commas(live_blocks(r)), rate_text(each.live_per_second(view.seconds), true),
                   bytes_text(static_cast<double>(live_bytes(r))),
                   figure_text(knows_magazines(r), r.in_magazines), figure_text(knows_peak(r), r.peak),
                   bytes_text(static_cast<double>(r.bytes)),
                   rate_text(each.per_second(&detail::heap_report::refills, view.seconds)),
                   rate_text(each.per_second(&detail::heap_report::flushes, view.seconds)),
                   with_commas(r.slabs), figure_text(knows_refusals(r), r.refused)});
    }
    if (!table.is_empty()) text += table.text("  ");
    if (view.now.left_out != 0)
        text += "  " + with_commas(view.now.left_out) + " pools that hold less are left out\n";
    return text;
}

nlohmann::ordered_json top_json(const top_view& view) {
    nlohmann::ordered_json result;
    result["process"] = view.process;
    result["command"] = view.command;
    result["snapshot"] = view.now.number;
    result["is_new"] = view.is_new;
    if (view.now.number == 0) {
        result["age_seconds"] = nullptr;
        result["watched_seconds"] = nullptr;
    } else {
        result["age_seconds"] = view.age;
        result["watched_seconds"] = view.since;
    }
    result["between_seconds"] =
        view.seconds > 0 ? nlohmann::ordered_json(view.seconds) : nlohmann::ordered_json(nullptr);
    result["snapshots_cost_seconds"] = static_cast<double>(view.now.cost) / 1e9;
    for (const char* const list : {"heaps", "size_classes", "pools"})
        result[list] = nlohmann::ordered_json::array();
    for (const top_row& each : view.heaps)
        result["heaps"].push_back(row_json(each, view.seconds));
    for (const top_row& each : view.others)
        result[is_size_class(each.is) ? "size_classes" : "pools"].push_back(row_json(each, view.seconds));
    result["pools_left_out"] = view.now.left_out;
    return result;
}

} // namespace cenote::tool
