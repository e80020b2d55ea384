// Layer: tool. What the tool's exit codes mean to scripts. From 125 on they are those of env(1) and timeout(1).
#pragma once

namespace cenote::tool {

enum exit_code : int {
    exit_fine = 0,
    exit_finding = 1,   // there is something to be told: a finding of doctor, outputs that differ in compare
    exit_usage = 2,     // the command line is wrong
    exit_trouble = 125, // the tool itself failed: a file that cannot be written, a library that is not there
    exit_cannot_run = 126, // there is such a program, but it cannot be run, or not as asked
    exit_not_found = 127,  // there is no such program
};

} // namespace cenote::tool
