#include "advice.hpp"

#include "../support/text.hpp"

#include "cenote/base/units.hpp"

#include <algorithm>
#include <bit>

namespace cenote::tool {

namespace {

using namespace literals;

// What profiles may have: docs/profile-format.md.
constexpr std::size_t unit = 64_KiB;
constexpr std::size_t most_segment = 4_MiB;

// Less is within what runs differ by.
constexpr double least_gain = 64_KiB;
constexpr double least_gain_share = .01;

// All that is live at the peak in one piece, up to 4 MiB; then as much as a quarter of it.
void choose_segments(advised_class& of) {
    const std::size_t live = static_cast<std::size_t>(of.at_peak) * of.size;
    const std::size_t least = std::max(unit, detail::round_up(4 * std::size_t{of.size} + 8_KiB, unit));
    of.first_segment = static_cast<std::uint32_t>(
        std::clamp(detail::round_up(live + live / 16 + 8_KiB, unit), least, most_segment));
    of.later_segments = static_cast<std::uint32_t>(
        std::clamp(std::bit_ceil(std::max<std::size_t>(live / 4, 1)), 1_MiB, most_segment));
}

std::uint64_t sum_of_exchanges(const std::vector<magazine_use>& all) {
    std::uint64_t sum = 0;
    for (const magazine_use& each : all)
        sum += each.exchanges;
    return sum;
}

} // namespace

advice advise(const std::string& path) {
    trace_reader trace(path);
    advice result;
    result.trace = path;
    result.of = read_demand(trace);
    trace.require_events();
    const class_sizes chosen = choose_classes(result.of, detail::last_class);
    const magazine_choice magazines = choose_magazines(trace, result.of, chosen);
    result.program = trace.about().program;
    result.stack_interval = trace.about().stack_interval;
    result.waste_now = waste_of(usual_classes(), result.of);
    result.waste_then = waste_of(chosen, result.of);
    result.exchanges_now = sum_of_exchanges(magazines.now);
    result.exchanges_then = sum_of_exchanges(magazines.then);
    for (std::size_t c = 0; c != chosen.size(); ++c)
        result.classes.push_back({.size = chosen[c], .magazine = magazines.then[c]});
    const auto class_of = classes_of_steps(chosen);
    for (std::size_t s = 1; s != size_steps; ++s) {
        advised_class& c = result.classes[class_of[s]];
        c.at_peak += result.of.of[s].at_peak;
        c.waste_at_peak += static_cast<double>(result.of.of[s].at_peak) * resident_size(c.size) -
                           static_cast<double>(result.of.of[s].peak_bytes);
    }
    for (advised_class& c : result.classes)
        choose_segments(c);
    result.sites = read_call_sites(trace);
    result.notes = trace.notes();
    return result;
}

double advice::saved() const noexcept {
    const auto cost = [](const waste_figures& waste) {
        return (waste.at_peak + waste.on_average) / 2 + waste.of_classes;
    };
    return cost(waste_now) - cost(waste_then);
}

bool advice::has_gain() const noexcept {
    return saved() >= std::max(least_gain, least_gain_share * static_cast<double>(of.most_live));
}

std::string profile_text(const advice& of) {
    // A line break in an argument would end the comment.
    std::string program = command_text(of.program);
    std::replace_if(
        program.begin(), program.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    std::string text = "# For libcenote-malloc.so: CENOTE_PROFILE=FILE. Made by cenote advise of " +
                       with_commas(of.of.requests()) + " allocations of\n#     " + program + "\n";
    text += "# Expected waste within blocks and slabs at the peak: " + bytes_text(of.waste_then.at_peak) +
            ", with the usual classes " + bytes_text(of.waste_now.at_peak) + ".\n";
    text += "# Expected exchanges of magazines: " + with_commas(of.exchanges_then) + ", as usual " +
            with_commas(of.exchanges_now) + ".\ncenote-profile 1\n";
    for (const advised_class& c : of.classes) {
        text += "class " + std::to_string(c.size) + " magazine " + std::to_string(c.magazine.limit);
        if (c.magazine.calls != 0)
            text += " segments " + std::to_string(c.first_segment) + " " + std::to_string(c.later_segments) +
                    " # " + with_commas(c.magazine.calls) + " calls";
        text += "\n";
    }
    return text + "end\n";
}

} // namespace cenote::tool
