// `cenote run`: a program on Cenote's malloc.
#include "../process/child.hpp"
#include "../process/libraries.hpp"
#include "command.hpp"
#include "program_line.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

namespace cenote::tool {

namespace {

int run_on_malloc(const std::vector<std::string>& words) {
    start_options start;
    start.file = find_program(words.front());
    start.arguments = words;
    start.variables = environment::inherited();
    start.variables.preload(find_library(malloc_library));
    child program(std::move(start));
    return end_like(program.wait());
}

std::function<int()> prepare_run(CLI::App& line) {
    take_program(line);
    return [&line] { return run_on_malloc(program_of(line)); };
}

} // namespace

extern const command run_command{"run", "runs a program on Cenote's malloc", prepare_run};

} // namespace cenote::tool
