// Layer: tool. A profile as the library reads it, before anything is started that would.
#pragma once

#include <optional>
#include <string>

namespace cenote::tool {

// Why the library would not take it, in its words: "FILE is not used: line 3: not understood". None where it does.
std::optional<std::string> fault_of_profile(const std::string& file);

} // namespace cenote::tool
