// Layer: tool. A summary as JSON: what the page reads, and `cenote view --json` prints. docs/tool.md describes it.
#pragma once

#include "summary.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace cenote::tool {

// Of a trace that was read to its end.
nlohmann::json summary_json(const trace_summary& of, const trace_reader& trace, const std::string& path);

} // namespace cenote::tool
