#include "program_line.hpp"

#include "../support/failure.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace cenote::tool {

namespace {
bool was_cut = false;
std::vector<std::string> cut_off; // without the `--`

// Says what stands behind the options.
struct with_program : CLI::Formatter {
    std::string make_usage(const CLI::App* line, std::string) const override {
        return "Usage: cenote " + line->get_name() + " [OPTIONS] [--] PROGRAM [ARGUMENT...]\n\n";
    }
};
} // namespace

void cut_off_program(std::vector<std::string>& words) {
    const auto dashes = std::find(words.begin(), words.end(), "--");
    was_cut = dashes != words.end();
    if (!was_cut) return;
    cut_off.assign(dashes + 1, words.end());
    words.erase(dashes, words.end());
}

void take_program(CLI::App& line) {
    line.prefix_command();
    line.formatter(std::make_shared<with_program>());
}

std::vector<std::string> program_of(const CLI::App& line) {
    std::vector<std::string> words = line.remaining();
    if (!words.empty() && words.front().size() > 1 && words.front().front() == '-')
        throw failure(exit_usage, "unknown option " + words.front());
    // Dashes behind the program's name are the program's.
    if (was_cut && !words.empty()) words.emplace_back("--");
    words.insert(words.end(), cut_off.begin(), cut_off.end());
    if (words.empty()) throw failure(exit_usage, "there is no program to run");
    return words;
}

} // namespace cenote::tool
