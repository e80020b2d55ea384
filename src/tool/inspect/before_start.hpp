// Layer: tool. What can be said of a program before it runs, from its file and from what the dynamic linker would load.
#pragma once

#include "../process/environment.hpp"
#include "../process/program_file.hpp"
#include "finding.hpp"
#include "scope.hpp"

#include <string>

namespace cenote::tool {

// Why nothing can be preloaded into it. False where that is so, and the rest is of no use.
bool look_at_program(const program_file& program, finding_list& found);

// Who has malloc's functions, with `library` in front.
void look_at_scope(const program_file& program, const search_scope& scope, const std::string& library,
                   finding_list& found);

// The profile that the library will take, of those variables; empty where none is named, or one that it will not take.
std::string look_at_profile(const environment& variables, finding_list& found);

} // namespace cenote::tool
