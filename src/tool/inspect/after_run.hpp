// Layer: tool. What a run with the library has shown.
#pragma once

#include "finding.hpp"
#include "observed_run.hpp"
#include "scope.hpp"

#include <string>

namespace cenote::tool {

// `profile` is the file that the library was told to take; empty for none.
void look_at_run(const observed_run& run, const search_scope& scope, const std::string& library,
                 const std::string& profile, finding_list& found);

// What the library itself says of a wrong use of memory: the line that it ended the program with.
void look_at_report(const std::string& line, finding_list& found);

} // namespace cenote::tool
