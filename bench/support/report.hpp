// What a suite hands over: tables for people, one JSON object for programs.
#pragma once

#include "support/rows.hpp"
#include "support/targets.hpp"

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bench {

struct report {
    nlohmann::ordered_json machine;
    nlohmann::ordered_json versions;
    nlohmann::ordered_json method;
    std::vector<row> rows;
    std::vector<skipped_row> skipped;
    std::vector<target> targets;
};

// One table for each block size and family of workloads, subjects down, workloads across; then the targets.
void print(std::ostream& out, const report& r);

// Whether the file can be written, asked before minutes are spent. Leaves an existing file as it is.
// Both throw std::runtime_error with file and reason.
void require_writable(const std::string& file);
void write_json(const std::string& file, const report& r);

} // namespace bench
