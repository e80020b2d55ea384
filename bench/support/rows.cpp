#include "support/rows.hpp"

#include <cmath>

namespace bench {
namespace {

using json = nlohmann::ordered_json;

json maybe(const std::optional<double>& value) { return value ? json(rounded(*value)) : json(nullptr); }

// A tail below the timer's own cost comes out as 0: there is no ratio to it.
std::optional<double> ratio(double value, double to) {
    if (to <= 0) return std::nullopt;
    return value / to;
}

const row* limit_of(const std::vector<row>& rows, const row& r) {
    for (const row& other : rows) {
        if (other.from == origin::limit && other.workload == r.workload && other.size == r.size)
            return &other;
    }
    return nullptr;
}

} // namespace

const char* name_of(unit u) {
    switch (u) {
    case unit::bytes:
        return "bytes";
    case unit::mebibytes:
        return "MiB";
    case unit::ratio:
        return "ratio";
    default:
        return "ns";
    }
}

double rounded(double value) { return std::round(value * 1e4) / 1e4; }

const row* find_row(const std::vector<row>& rows, std::string_view workload, std::size_t size,
                    std::string_view subject) {
    for (const row& r : rows) {
        if (r.workload == workload && r.size == size && r.subject == subject) return &r;
    }
    return nullptr;
}

const row* best_peer(const std::vector<row>& rows, std::string_view workload, std::size_t size) {
    const row* best = nullptr;
    for (const row& r : rows) {
        if (r.from != origin::peer || r.workload != workload || r.size != size) continue;
        if (best == nullptr || r.min < best->min) best = &r;
    }
    return best;
}

void set_ratios(std::vector<row>& rows) {
    for (row& r : rows) {
        const row* const peer = best_peer(rows, r.workload, r.size);
        if (peer != nullptr) r.ratio_to_best_peer = ratio(r.min, peer->min);
        if (r.counts == unit::bytes) {
            r.ratio_to_limit = ratio(r.min, static_cast<double>(r.size));
        } else if (const row* const limit = limit_of(rows, r); limit != nullptr) {
            r.ratio_to_limit = ratio(r.min, limit->min);
        }
    }
}

json to_json(const row& r) {
    const bool timed = r.counts == unit::nanoseconds;
    json j = {
        {"workload", r.workload},
        {"size", r.size},
        {"subject", r.subject},
        {"ns_min", timed ? json(rounded(r.min)) : json(nullptr)},
        {"ns_median", timed ? json(rounded(r.median)) : json(nullptr)},
    };
    if (!timed) j[name_of(r.counts)] = rounded(r.min);
    j["quartiles"] = {rounded(r.lower_quartile), rounded(r.median), rounded(r.upper_quartile)};
    j["max"] = rounded(r.max);
    j["ratio_to_limit"] = maybe(r.ratio_to_limit);
    j["ratio_to_best_peer"] = maybe(r.ratio_to_best_peer);
    j["samples"] = r.samples;
    return j;
}

json to_json(const skipped_row& r) {
    return {{"workload", r.workload}, {"size", r.size}, {"subject", r.subject}, {"reason", r.reason}};
}

} // namespace bench
