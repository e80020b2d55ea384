// The command line of `cenote`: finds the command, and makes an exit code of how it ended.
#include "commands/command.hpp"
#include "commands/program_line.hpp"
#include "replay/worker.hpp"
#include "support/exit_codes.hpp"
#include "support/failure.hpp"
#include "support/streams.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace cenote::tool;

constexpr const char* footer =
    R"(Exit codes: 0 fine; 1 something was found, or a difference; 2 the command line is wrong;
125 cenote itself failed; 126 the program cannot be run, or watched; 127 there is no such program.
`cenote run` ends as the program did. Manual: man cenote.)";

// What the parser found wrong, in our words where its own speak of it.
std::string complaint_of(const CLI::App& line, const CLI::ParseError& error) {
    const auto named = line.get_subcommands();
    const CLI::App& of = named.empty() ? line : *named.front();
    // Of a command that runs a program these are the program's.
    if (!of.get_prefix_command()) {
        const std::vector<std::string> words = of.remaining();
        const auto option = std::find_if(words.begin(), words.end(), [](const std::string& word) {
            return word.size() > 1 && word.front() == '-';
        });
        if (option != words.end()) return "unknown option " + *option;
        if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !words.empty())
            return "one word too many: " + words.front();
    }
    if (named.empty()) return "there is no command";
    std::string what = error.what();
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
        return what.substr(0, what.find(':')) + " needs a value";
    if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) {
        const std::string::size_type at = what.find(": ");
        return at == std::string::npos ? what : "makes no sense: " + what.substr(at + 2);
    }
    return what;
}

// `name` becomes that of the command, for messages.
int run_command_line(int argc, char** argv, std::string& name) {
    CLI::App line{"Runs any program on Cenote's malloc, and shows what it does to memory.", "cenote"};
    line.set_version_flag("--version", "cenote " CENOTE_VERSION, "its version");
    line.set_help_flag("-h,--help", "this text");
    line.require_subcommand(1);
    line.footer(footer);

    if (argc > 1 && argv[1][0] != '-' && argv[1][0] != '\0' &&
        std::none_of(commands().begin(), commands().end(),
                     [&](const command* each) { return each->name == std::string_view(argv[1]); }))
        throw failure(exit_usage, "there is no command " + std::string(argv[1]));

    std::vector<std::string> words(argv + 1, argv + argc);
    std::function<int()> chosen;
    for (const command* each : commands()) {
        CLI::App* const mine = line.add_subcommand(each->name, each->purpose);
        mine->set_help_flag("-h,--help", "this text");
        mine->footer("");
        const std::function<int()> work = each->prepare(*mine);
        mine->callback([&chosen, work] { chosen = work; });
        if (words.empty() || words.front() != each->name) continue;
        name += std::string(" ") + each->name;
        if (mine->get_prefix_command()) cut_off_program(words);
    }
    std::reverse(words.begin(), words.end()); // as the parser takes them
    try {
        line.parse(words);
    } catch (const CLI::CallForHelp&) {
        // Of the command, where one was named.
        const auto named = line.get_subcommands();
        write_output(named.empty() ? line.help() : named.front()->help("cenote"));
        return exit_fine;
    } catch (const CLI::CallForVersion& asked) {
        write_output(std::string(asked.what()) + "\n");
        return exit_fine;
    } catch (const CLI::ParseError& error) {
        throw failure(exit_usage, complaint_of(line, error));
    }
    return chosen();
}

} // namespace

int main(int argc, char** argv) {
    using namespace cenote::tool;
    // Before anything is allocated, which would be in what it measures.
    if (is_replay_worker(argc, argv)) return work_on_replay(argv);
    ignore_broken_pipes();
    std::string name = "cenote";
    try {
        return run_command_line(argc, argv, name);
    } catch (const failure& error) {
        std::fprintf(stderr, "%s: %s\n", name.c_str(), error.what());
        if (error.code() == exit_usage) std::fprintf(stderr, "Try: %s --help\n", name.c_str());
        return error.code();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", name.c_str(), error.what());
        return exit_trouble;
    }
}
