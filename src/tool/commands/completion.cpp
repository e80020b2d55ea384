// `cenote completion`: what a shell needs to complete the tool's command lines, made from the options that the commands have.
#include "../allocators/allocator.hpp"
#include "../support/failure.hpp"
#include "../support/streams.hpp"
#include "command.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace cenote::tool {

namespace {

struct shown_option {
    std::vector<std::string> names; // with their dashes
    std::string description;
    bool takes_value;
    enum { file, allocators, other } value;
};

std::vector<shown_option> options_of(const CLI::App& line) {
    std::vector<shown_option> result;
    for (const CLI::Option* const each : line.get_options()) {
        shown_option shown{
            {}, each->get_description(), each->get_items_expected_max() > 0, shown_option::other};
        for (const std::string& name : each->get_snames())
            shown.names.push_back("-" + name);
        for (const std::string& name : each->get_lnames())
            shown.names.push_back("--" + name);
        if (shown.names.empty()) continue; // by its place
        if (shown.names.back() == "--with")
            shown.value = shown_option::allocators;
        else if (shown.takes_value && (shown.names.back() == "--output" || shown.names.back() == "--input"))
            shown.value = shown_option::file;
        result.push_back(std::move(shown));
    }
    return result;
}

std::string joined(const std::vector<std::string>& words, const std::string& between) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : between) + word;
    return text;
}

std::string all_allocators() {
    std::string names = known_allocators();
    std::erase(names, ',');
    return names;
}

// Within single quotes, which all three shells have; what ends them is left out, as are brackets and colons, which zsh reads.
std::string harmless(std::string text) {
    std::erase_if(text, [](char c) { return c == '\'' || c == '[' || c == ']' || c == '\\'; });
    std::replace(text.begin(), text.end(), ':', ',');
    return text;
}

// Whether it takes the number of a running process, in place of files.
bool takes_process(const CLI::App& line) { return line.get_option_no_throw("PID") != nullptr; }

std::vector<const CLI::App*> lines_of(const CLI::App& root) {
    return root.get_subcommands([](const CLI::App*) { return true; });
}

std::string for_bash(const CLI::App& root) {
    std::vector<std::string> names, of_processes;
    std::string cases, values, with_values;
    for (const CLI::App* const line : lines_of(root)) {
        names.push_back(line->get_name());
        std::vector<std::string> options, valued;
        for (const shown_option& each : options_of(*line)) {
            options.insert(options.end(), each.names.begin(), each.names.end());
            if (each.takes_value) valued.insert(valued.end(), each.names.begin(), each.names.end());
        }
        cases += "        " + line->get_name() + ") options='" + joined(options, " ") + "' valued='" +
                 joined(valued, " ") + "' program=" + (line->get_prefix_command() ? "1" : "0") + " ;;\n";
        if (takes_process(*line)) of_processes.push_back(line->get_name());
    }
    return R"(# bash completion for cenote, written by `cenote completion bash`.
_cenote() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local options='' valued='' program=0 at
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W '--help --version )" +
           joined(names, " ") + R"(' -- "$word"))
        return
    fi
    case ${COMP_WORDS[1]} in
)" + cases +
           R"(        *) return ;;
    esac
    # Where the program begins, its own completion goes on.
    for ((at = 2; at < COMP_CWORD; ++at)); do
        if [[ ${COMP_WORDS[at]} == -- ]]; then
            ((++at))
            break
        fi
        if [[ " $valued " == *" ${COMP_WORDS[at]} "* ]]; then
            ((++at))
        elif [[ ${COMP_WORDS[at]} != -* ]]; then
            break
        fi
    done
    if [[ $program == 1 ]] && { ((at < COMP_CWORD)) || { ((at == COMP_CWORD)) && [[ $word != -* ]]; }; }; then
        if declare -F _command_offset >/dev/null; then
            _command_offset "$at"
        elif ((at == COMP_CWORD)); then
            COMPREPLY=($(compgen -c -- "$word"))
        else
            COMPREPLY=($(compgen -f -- "$word"))
        fi
        return
    fi
    if [[ ${COMP_WORDS[1]} == completion ]]; then
        COMPREPLY=($(compgen -W 'bash zsh fish' -- "$word"))
        return
    fi
    case $before in
        --with)
            local first=''
            if [[ $word == *,* ]]; then first=${word%,*},; fi
            COMPREPLY=($(compgen -P "$first" -W ')" +
           all_allocators() + R"(' -- "${word##*,}"))
            return
            ;;
    esac
    if [[ $word != -* && " $valued " != *" $before "* && " )" +
           joined(of_processes, " ") + R"( " == *" ${COMP_WORDS[1]} "* ]]; then
        local numbers
        numbers=$(cd /proc && echo [0-9]*)
        COMPREPLY=($(compgen -W "$numbers" -- "$word"))
    elif [[ " $valued " == *" $before "* || $word != -* ]]; then
        COMPREPLY=($(compgen -f -- "$word"))
    else
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    fi
}
complete -F _cenote cenote
)";
}

std::string for_zsh(const CLI::App& root) {
    std::string commands, cases;
    for (const CLI::App* const line : lines_of(root)) {
        commands += "        '" + line->get_name() + ":" + harmless(line->get_description()) + "'\n";
        cases += "        " + line->get_name() + ")\n            _arguments -S";
        for (const shown_option& each : options_of(*line)) {
            std::string value;
            if (each.value == shown_option::file) value = ":file:_files";
            if (each.value == shown_option::allocators)
                value = ":allocators:_sequence compadd - " + all_allocators();
            if (each.takes_value && value.empty()) value = ":value: ";
            const std::string text = "[" + harmless(each.description) + "]" + value + "'";
            const std::string names = joined(each.names, " ");
            cases += " \\\n                '";
            if (each.names.size() == 1)
                cases.append(names);
            else
                cases.append("(").append(names).append(")'{").append(joined(each.names, ",")).append("}'");
            cases += text;
        }
        cases += line->get_prefix_command() ? " \\\n                '*:::program:_normal'\n"
                 : takes_process(*line)     ? " \\\n                '1:process:_pids'\n"
                                            : " \\\n                '*:file:_files'\n";
        cases += "            ;;\n";
    }
    return R"(#compdef cenote
# zsh completion for cenote, written by `cenote completion zsh`.
local context state line
local -a commands
_arguments -C '(-h --help)'{-h,--help}'[this text]' '--version[its version]' '1:command:->command' '*:::argument:->argument'
case $state in
    command)
        commands=(
)" + commands +
           R"(        )
        _describe command commands
        ;;
    argument)
        case $words[1] in
)" + cases +
           R"(        esac
        ;;
esac
)";
}

std::string for_fish(const CLI::App& root) {
    std::vector<std::string> names;
    std::string text, programs;
    for (const CLI::App* const line : lines_of(root)) {
        const std::string& name = line->get_name();
        names.push_back(name);
        if (line->get_prefix_command()) programs += (programs.empty() ? "" : " ") + name;
        text += "complete -c cenote -n __fish_use_subcommand -a " + name + " -d '" +
                harmless(line->get_description()) + "'\n";
        if (takes_process(*line))
            text += "complete -c cenote -n '__fish_seen_subcommand_from " + name +
                    "' -xa '(__fish_complete_pids)'\n";
        for (const shown_option& each : options_of(*line)) {
            text += "complete -c cenote -n '__fish_seen_subcommand_from " + name + "'";
            for (const std::string& option : each.names)
                text += option.starts_with("--") ? " -l " + option.substr(2) : " -s " + option.substr(1);
            if (each.value == shown_option::file)
                text += " -rF";
            else if (each.value == shown_option::allocators)
                text += " -xa '" + all_allocators() + "'";
            else if (each.takes_value)
                text += " -x";
            text += " -d '" + harmless(each.description) + "'\n";
        }
    }
    return "# fish completion for cenote, written by `cenote completion fish`.\n"
           "complete -c cenote -f\n"
           "complete -c cenote -n __fish_use_subcommand -s h -l help -d 'this text'\n"
           "complete -c cenote -n __fish_use_subcommand -l version -d 'its version'\n" +
           text + "complete -c cenote -n '__fish_seen_subcommand_from " + programs +
           "' -xa '(__fish_complete_subcommand --fcs-skip=2)'\n"
           "complete -c cenote -n '__fish_seen_subcommand_from completion' -xa 'bash zsh fish'\n";
}

std::function<int()> prepare_completion(CLI::App& line) {
    const auto shell = std::make_shared<std::string>();
    line.add_option("shell", *shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    return [&line, shell] {
        const CLI::App& root = *line.get_parent();
        write_output(*shell == "bash" ? for_bash(root) : *shell == "zsh" ? for_zsh(root) : for_fish(root));
        return exit_fine;
    };
}

} // namespace

extern const command completion_command{
    "completion", "prints what a shell needs to complete command lines of cenote", prepare_completion};

} // namespace cenote::tool
