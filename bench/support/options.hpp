// The command line that every suite shares.
#pragma once

#include <optional>
#include <regex>
#include <string>

namespace bench {

struct options {
    std::string json_file;               // empty: none is written
    bool quick = false;                  // fewer repetitions, the costly measurements left out
    std::optional<std::regex> workloads; // of those, the ones that match anywhere in their names
    bool wants(const std::string& workload) const;
};

// Exits the program after `--help`, and with a message and a non-zero code on bad arguments.
// `filters`: whether there are workloads to choose from.
options parse_options(int argc, char** argv, const std::string& description, bool filters = true);

} // namespace bench
