#include "support/targets.hpp"

#include "support/rows.hpp"

#include <iomanip>
#include <ostream>

namespace bench {

std::optional<bool> target::met() const {
    if (!limit || !measured) return std::nullopt;
    return *measured <= *limit;
}

void print(std::ostream& out, const std::vector<target>& targets) {
    out << "Targets\n" << std::fixed;
    for (const target& t : targets) {
        const char* verdict = "reported";
        if (!t.measured) {
            verdict = "not measured";
        } else if (const auto met = t.met(); met) {
            verdict = *met ? "met" : "short";
        }
        out << "  " << std::left << std::setw(14) << verdict << std::right << std::setw(9);
        if (t.measured) {
            out << std::setprecision(3) << *t.measured;
        } else {
            out << "-";
        }
        out << "  " << t.name;
        if (t.limit) out << " (at most " << std::setprecision(2) << *t.limit << ")";
        out << "\n";
    }
}

nlohmann::ordered_json to_json(const target& t) {
    nlohmann::ordered_json j = {
        {"name", t.name}, {"limit", nullptr}, {"measured", nullptr}, {"met", nullptr}};
    if (t.limit) j["limit"] = *t.limit;
    if (t.measured) j["measured"] = rounded(*t.measured);
    if (const auto met = t.met(); met) j["met"] = *met;
    return j;
}

} // namespace bench
