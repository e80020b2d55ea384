// Layer: tool. A program that runs with the library, and what could be seen of it meanwhile.
#pragma once

#include "../counts/read.hpp"
#include "../process/child.hpp"

#include <set>
#include <string>
#include <vector>

namespace cenote::tool {

struct observed_run {
    ending how;
    bool was_told_to_end = false;  // by us: it had run for as long as it was to
    std::set<std::string> mapped;  // files that were in its memory as code, at some time
    std::set<std::string> without; // programs that it became, or started, without the library
    bool is_secure = false;        // AT_SECURE: it ran with more rights than who started it
    std::string errors;            // what it wrote to stderr
    counts_of_folder counts;
};

// `seconds`: after so many it is told to end, by SIGTERM, and five seconds later by SIGKILL; 0: never. Unless `shows`, what the
// program writes is not shown. `counts_calls`: the library is the one that counts.
observed_run observe(start_options start, const std::string& library, double seconds, bool shows,
                     bool counts_calls);

} // namespace cenote::tool
