// Layer: tool. What `cenote advise` prints.
#pragma once

#include "../advise/advice.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace cenote::tool {

// `profile` is the file that it was written to; empty where it was not.
std::string advice_text(const advice& of, const std::string& profile, unsigned rows);
nlohmann::json advice_json(const advice& of, const std::string& profile);

// Why no profile is worth it, and what became of the one that there could be, in a line.
std::string no_gain_text(const advice& of, const std::string& profile);

} // namespace cenote::tool
