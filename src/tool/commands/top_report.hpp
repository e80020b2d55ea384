// Layer: tool. What `cenote top` shows of one snapshot, with what changed since the one before.
#pragma once

#include "../watch/watched_process.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace cenote::tool {

enum class top_order : std::uint8_t { live_bytes, live, held_bytes, refills, name };

struct top_row {
    detail::heap_report is;
    std::optional<detail::heap_report> was; // in the snapshot before

    // A second; nothing where there is no before, or no time passed.
    std::optional<double> per_second(std::uint64_t detail::heap_report::*figure, double seconds) const;
    std::optional<double> live_per_second(double seconds) const;
};

// One look at a process.
struct top_view {
    int process = 0;
    std::vector<std::string> command;
    published_snapshot now;
    double age = 0;     // of the figures; seconds
    double since = 0;   // the first snapshot: seconds
    double seconds = 0; // between the snapshot before and this one; 0: there is none
    bool is_new = true; // since the last look
    std::vector<top_row> heaps;
    std::vector<top_row> others; // named pools and size classes, in order
};

// `before`: what was shown last, where anything was. `clock`: milliseconds of CLOCK_MONOTONIC.
top_view view_of(const watched_process& process, published_snapshot now, const published_snapshot& before,
                 top_order order, std::uint64_t clock);

std::string top_text(const top_view& view);
nlohmann::ordered_json top_json(const top_view& view);

} // namespace cenote::tool
