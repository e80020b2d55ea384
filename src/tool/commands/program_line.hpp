// Layer: tool. The program and its arguments at the end of a command line: everything from the first word on that is no
// option of the command, or from `--`.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace cenote::tool {

// Takes what follows the first `--` off the words of a command line: the parser's rule for it is another one.
void cut_off_program(std::vector<std::string>& words);

// To be called once, when a command's options are added.
void take_program(CLI::App& line);

// When they were read: the program and its arguments. Throws failure where there is none, or an option that the command does
// not have.
std::vector<std::string> program_of(const CLI::App& line);

} // namespace cenote::tool
