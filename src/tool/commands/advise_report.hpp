// Layer: tool. What `cenote advise` prints.
#pragma once

#include "../advise/advice.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace cenote::tool {

std::string advice_text(const advice& of, const std::string& profile, unsigned rows);
nlohmann::json advice_json(const advice& of, const std::string& profile);

} // namespace cenote::tool
