// Figures to reach. They are reported, never asserted: a noisy neighbour must not fail a build.
#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace bench {

struct target {
    std::string name;
    std::optional<double> limit;    // at most this is met; none: the figure is only reported
    std::optional<double> measured; // none: what it needs was filtered out or left out by --quick
    std::optional<bool> met() const;
};

// One line each: met, short, reported or not measured, with the figure.
void print(std::ostream& out, const std::vector<target>& targets);

nlohmann::ordered_json to_json(const target& t);

} // namespace bench
