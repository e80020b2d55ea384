// Layer: tool. Of a summary as JSON the parts that come of stacks.
#pragma once

#include "summary.hpp"

#include <nlohmann/json.hpp>

namespace cenote::tool {

nlohmann::json sites_json(const trace_summary& of);
// Frames as rows: parent, name, module, file (places in the list of texts), line, and the measures.
nlohmann::json flame_json(const trace_summary& of);

} // namespace cenote::tool
