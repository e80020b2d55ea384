#include "advise_report.hpp"

#include "../support/text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace cenote::tool {

namespace {

// Instructions of a call and its counterpart, as ARCHITECTURE.md has them and test/cost holds them (g++ 12, x86-64).
constexpr unsigned malloc_and_free = 20 + 31;
constexpr unsigned pool_pair = 7 + 12;
constexpr unsigned arena_call = 19;

std::string waste_line(const char* head, const waste_figures& waste, const demand& of) {
    double asked_on_average = 0;
    std::uint64_t asked_at_peak = 0;
    for (const step_demand& each : of.of) {
        asked_at_peak += each.peak_bytes;
        asked_on_average += each.average_bytes;
    }
    return std::string(head) + bytes_text(waste.at_peak) + ", " +
           percent_text(share(waste.at_peak, static_cast<double>(asked_at_peak))) +
           " of what was asked for; on average " + bytes_text(waste.on_average) + ", " +
           percent_text(share(waste.on_average, asked_on_average)) + "; " + std::to_string(waste.used) +
           " classes in use, which take about " + bytes_text(waste.of_classes) + "\n";
}

std::string sizes_table(const advice& of, unsigned rows) {
    const auto usual = usual_classes();
    const auto now = classes_of_steps(usual);
    class_sizes chosen;
    for (const advised_class& c : of.classes)
        chosen.push_back(c.size);
    const auto then = classes_of_steps(chosen);
    const auto waste = [&](std::size_t s, std::uint32_t block) {
        return static_cast<double>(of.of.of[s].at_peak) * resident_size(block) -
               static_cast<double>(of.of.of[s].peak_bytes);
    };
    std::vector<std::size_t> order;
    for (std::size_t s = 1; s != size_steps; ++s)
        if (of.of.of[s].requests != 0) order.push_back(s);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const double of_a = waste(a, usual[now[a]]);
        const double of_b = waste(b, usual[now[b]]);
        return of_a != of_b ? of_a > of_b : of.of.of[a].requests > of.of.of[b].requests;
    });
    const std::size_t all = order.size();
    if (order.size() > rows) order.resize(rows);
    std::sort(order.begin(), order.end());
    text_table table(
        {"size to", "requests", "asked, mean", "live at peak", "block", "waste", "block then", "waste then"});
    for (const std::size_t s : order) {
        const step_demand& d = of.of.of[s];
        table.add({with_commas(step_size(s)), with_commas(d.requests),
                   bytes_text(share(static_cast<double>(d.requested), static_cast<double>(d.requests))),
                   with_commas(d.at_peak), with_commas(usual[now[s]]), bytes_text(waste(s, usual[now[s]])),
                   with_commas(chosen[then[s]]), bytes_text(waste(s, chosen[then[s]]))});
    }
    std::string text = "sizes, of which most is wasted" +
                       (all > rows ? " (" + std::to_string(rows) + " of " + std::to_string(all) + ")" : "") +
                       "\n";
    return text + table.text("  ");
}

std::string classes_table(const advice& of, unsigned rows) {
    std::vector<const advised_class*> order;
    for (const advised_class& c : of.classes)
        if (c.magazine.calls != 0) order.push_back(&c);
    std::stable_sort(order.begin(), order.end(), [](const advised_class* a, const advised_class* b) {
        return a->magazine.calls > b->magazine.calls;
    });
    const std::size_t all = order.size();
    if (order.size() > rows) order.resize(rows);
    std::sort(order.begin(), order.end(),
              [](const advised_class* a, const advised_class* b) { return a->size < b->size; });
    text_table table({"class", "calls", "live at peak", "magazine", "exchanges", "first segment", "later"});
    for (const advised_class* const c : order)
        table.add({with_commas(c->size), with_commas(c->magazine.calls), with_commas(c->at_peak),
                   with_commas(c->magazine.limit), with_commas(c->magazine.exchanges),
                   bytes_text(c->first_segment), bytes_text(c->later_segments)});
    return "classes of the profile, the busiest" +
           (all > rows ? " (" + std::to_string(rows) + " of " + std::to_string(all) + ")" : "") + "\n" +
           table.text("  ");
}

const char* word_for(call_site_use::advice what) {
    switch (what) {
    case call_site_use::advice::pool:
        return "object_pool";
    case call_site_use::advice::arena:
        return "arena";
    case call_site_use::advice::none:
        break;
    }
    return "-";
}

double instructions_saved(const call_site_use& site) {
    switch (site.what) {
    case call_site_use::advice::pool:
        return site.objects * (malloc_and_free - pool_pair);
    case call_site_use::advice::arena:
        return site.objects * (malloc_and_free - arena_call);
    case call_site_use::advice::none:
        break;
    }
    return 0;
}

std::string reason(const call_site_use& site) {
    switch (site.what) {
    case call_site_use::advice::pool:
        return percent_text(site.share_of_size) + " are of " + with_commas(site.size) + " bytes";
    case call_site_use::advice::arena:
        return site.together == 0
                   ? "they live to the end"
                   : "about " + with_commas(static_cast<std::uint64_t>(site.together)) + " die at a time";
    case call_site_use::advice::none:
        break;
    }
    return "";
}

std::string sites_table(const advice& of, unsigned rows) {
    if (of.stack_interval == 0) return "no call sites: the trace has no stacks (cenote record --stacks)\n";
    text_table table({"call site", "objects", "bytes", "advice<", "instructions saved", "because<"});
    std::size_t shown = 0;
    std::size_t found = 0;
    for (const call_site_use& site : of.sites) {
        if (site.what == call_site_use::advice::none) continue;
        ++found;
        if (shown == rows) continue;
        ++shown;
        table.add({shortened(printable(site.place), 70),
                   with_commas(static_cast<std::uint64_t>(site.objects)), bytes_text(site.bytes),
                   word_for(site.what), with_commas(static_cast<std::uint64_t>(instructions_saved(site))),
                   reason(site)});
    }
    if (found == 0)
        return "no call site of the " + std::to_string(of.sites.size()) +
               " that were seen has objects enough of one size, or that die together\n";
    return "call sites (estimates from " + bytes_text(static_cast<double>(of.stack_interval)) + " samples)" +
           (found > rows ? ", the first " + std::to_string(rows) + " of " + std::to_string(found) : "") +
           "\n" + table.text("  ");
}

nlohmann::json waste_json(const waste_figures& of) {
    return {{"at_peak", of.at_peak},
            {"on_average", of.on_average},
            {"classes_used", of.used},
            {"bytes_of_classes", of.of_classes}};
}

} // namespace

std::string advice_text(const advice& of, const std::string& profile, unsigned rows) {
    std::string text = "cenote advise: " + command_text(of.program) + ": " + with_commas(of.of.requests()) +
                       " allocations, " + bytes_text(static_cast<double>(of.of.most_live)) +
                       " live at most\n";
    if (of.of.requests() == 0) return text + no_gain_text(of, profile);
    text += waste_line("  waste at the peak       ", of.waste_now, of.of);
    text += waste_line("  with the profile        ", of.waste_then, of.of);
    text += "  exchanges of magazines  " + with_commas(of.exchanges_now) + ", with the profile " +
            with_commas(of.exchanges_then) + "\n";
    text += "  saved by the profile    " + bytes_text(of.saved()) + ", " +
            percent_text(share(of.saved(), static_cast<double>(of.of.most_live))) +
            " of what was live at most\n";
    if (of.of.larger.requests != 0)
        text += "  above 64 KiB, which a profile leaves as it is: " + with_commas(of.of.larger.requests) +
                " requests, " + bytes_text(static_cast<double>(of.of.larger.peak_bytes)) +
                " live at the peak\n";
    text += sizes_table(of, rows) + classes_table(of, rows) + sites_table(of, rows);
    return text + (of.has_gain() ? "the profile is in " + profile + ": CENOTE_PROFILE=" + profile + "\n"
                                 : no_gain_text(of, profile));
}

std::string no_gain_text(const advice& of, const std::string& profile) {
    const std::string why = of.of.requests() == 0 ? "it has no allocations"
                            : of.saved() <= 0     ? "it would save nothing"
                                                  : "it would save about " + bytes_text(of.saved());
    return "nothing in this trace that a profile would better: " + why +
           (profile.empty() ? "; none is written, unless -o names a file\n"
                            : "; it is written to " + (profile == "-" ? "stdout" : profile) +
                                  " all the same, as -o says\n");
}

nlohmann::json advice_json(const advice& of, const std::string& profile) {
    nlohmann::json sizes = nlohmann::json::array();
    const auto usual = usual_classes();
    const auto now = classes_of_steps(usual);
    for (std::size_t s = 1; s != size_steps; ++s) {
        const step_demand& d = of.of.of[s];
        if (d.requests == 0) continue;
        sizes.push_back({{"size_to", step_size(s)},
                         {"requests", d.requests},
                         {"requested", d.requested},
                         {"live_at_peak", d.at_peak},
                         {"bytes_at_peak", d.peak_bytes},
                         {"live_on_average", d.on_average},
                         {"bytes_on_average", d.average_bytes},
                         {"usual_block", usual[now[s]]}});
    }
    nlohmann::json classes = nlohmann::json::array();
    for (const advised_class& c : of.classes)
        classes.push_back({{"size", c.size},
                           {"calls", c.magazine.calls},
                           {"live_at_peak", c.at_peak},
                           {"waste_at_peak", c.waste_at_peak},
                           {"magazine", c.magazine.limit},
                           {"exchanges", c.magazine.exchanges},
                           {"first_segment", c.first_segment},
                           {"later_segments", c.later_segments}});
    nlohmann::json sites = nlohmann::json::array();
    for (const call_site_use& site : of.sites)
        sites.push_back({{"place", site.place},
                         {"objects", site.objects},
                         {"bytes", site.bytes},
                         {"samples", site.samples},
                         {"size", site.size},
                         {"share_of_size", site.share_of_size},
                         {"lifetime_nanoseconds", site.lifetime},
                         {"die_together", site.together},
                         {"advice", word_for(site.what)},
                         {"instructions_saved", instructions_saved(site)}});
    return {{"trace", of.trace},
            {"command", of.program},
            {"notes", of.notes},
            {"allocations", of.of.requests()},
            {"most_live", of.of.most_live},
            {"nanoseconds", of.of.nanoseconds},
            {"larger", {{"requests", of.of.larger.requests}, {"bytes_at_peak", of.of.larger.peak_bytes}}},
            {"waste", waste_json(of.waste_now)},
            {"waste_with_profile", waste_json(of.waste_then)},
            {"exchanges", of.exchanges_now},
            {"exchanges_with_profile", of.exchanges_then},
            {"sizes", sizes},
            {"classes", classes},
            {"stack_interval", of.stack_interval},
            {"call_sites", sites},
            {"saved", of.saved()},
            {"has_gain", of.has_gain()},
            {"profile", profile.empty() ? nlohmann::json() : nlohmann::json(profile)}};
}

} // namespace cenote::tool
