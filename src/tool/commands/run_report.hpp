// Layer: tool. What `cenote run` says: in text, and as JSON.
#pragma once

#include "../counts/read.hpp"
#include "../process/child.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace cenote::tool {

struct run_result {
    std::vector<std::string> words; // the program and its arguments
    ending how;
    counts_of_folder counts;
};

std::string run_text(const run_result& of);
nlohmann::ordered_json run_json(const run_result& of);

// How a program ended and what it used; for every command's JSON.
nlohmann::ordered_json ending_json(const ending& how);

} // namespace cenote::tool
