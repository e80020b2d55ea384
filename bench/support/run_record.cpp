#include "support/run_record.hpp"

#include "support/machine.hpp"
#include "support/rows.hpp"

#include <array>
#include <cstdlib>
#include <ctime>
#include <string>

namespace bench {
namespace {

std::string now_in_utc() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

} // namespace

run_record::run_record(report& to) : start_(std::chrono::steady_clock::now()) {
    to.machine = describe_machine();
    to.method["date"] = now_in_utc();
    // ./dev knows it; a program by itself does not.
    const char* const commit = std::getenv("CENOTE_BENCH_COMMIT");
    to.method["commit"] = commit != nullptr && *commit != 0 ? nlohmann::ordered_json(commit) : nullptr;
}

void run_record::finish(report& to) const {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
    to.method["seconds"] = rounded(took.count());
    to.machine["load_average_after"] = load_average();
}

} // namespace bench
