// Results: one row for each workload, block size and subject.
#pragma once

#include "support/stats.hpp"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// A control does the job wrongly, or not at all: it stands in the tables, and is never the best peer.
enum class origin { ours, limit, peer, control };

// What a row's samples count.
enum class unit { nanoseconds, bytes, mebibytes, ratio };

// As it stands in tables and in the JSON: ns, bytes, MiB, ratio.
const char* name_of(unit u);

struct row : spread {
    row() = default;
    explicit row(const spread& of) : spread(of) {}

    std::string workload;
    std::size_t size = 0; // of a block, bytes; 0 where they are of many sizes
    std::string subject;
    origin from = origin::peer;
    unit counts = unit::nanoseconds;
    std::optional<double> ratio_to_limit;
    std::optional<double> ratio_to_best_peer;
};

// What was not measured, and why.
struct skipped_row {
    std::string workload;
    std::size_t size = 0;
    std::string subject;
    std::string reason;
};

// Both ratios are of minima: noise only ever adds. The limit of a row in bytes is its block size.
void set_ratios(std::vector<row>& rows);

const row* find_row(const std::vector<row>& rows, std::string_view workload, std::size_t size,
                    std::string_view subject);

// The peer with the lowest minimum of a workload and size, or nullptr.
const row* best_peer(const std::vector<row>& rows, std::string_view workload, std::size_t size);

nlohmann::ordered_json to_json(const row& r);
nlohmann::ordered_json to_json(const skipped_row& r);

// To four decimals: what is behind them is noise, and would make the file unreadable.
double rounded(double value);

} // namespace bench
