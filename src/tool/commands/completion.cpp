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

// What stands behind an option, or in a place of the command line.
struct shown_value {
    enum { none, anything, file, words, allocators, process } is = none;
    std::string choice = {}; // words, with blanks between
};

struct shown_option {
    std::vector<std::string> names; // with their dashes
    std::string description;
    shown_value value;
};

std::string all_allocators() {
    std::string names = known_allocators();
    std::erase(names, ',');
    return names;
}

// By what it checks: "TEXT:{one,other}", "INT:INT in [1 - 9]", "TEXT".
shown_value value_of(const CLI::Option& option) {
    if (option.get_items_expected_max() == 0) return {};
    if (option.check_lname("with")) return {shown_value::allocators, all_allocators()};
    if (option.get_name() == "PID") return {shown_value::process};
    const std::string type = option.get_type_name();
    if (const std::size_t open = type.find('{'); open != std::string::npos) {
        std::string words = type.substr(open + 1, type.find('}') - open - 1);
        std::replace(words.begin(), words.end(), ',', ' ');
        return {shown_value::words, words};
    }
    return {type.starts_with("TEXT") ? shown_value::file : shown_value::anything};
}

std::vector<shown_option> options_of(const CLI::App& line) {
    std::vector<shown_option> result;
    for (const CLI::Option* const each : line.get_options()) {
        shown_option shown{{}, each->get_description(), value_of(*each)};
        if (shown.value.is == shown_value::allocators && line.get_name() == "replay")
            shown.value.choice += " heap pools"; // within the tool
        for (const std::string& name : each->get_snames())
            shown.names.push_back("-" + name);
        for (const std::string& name : each->get_lnames())
            shown.names.push_back("--" + name);
        if (!shown.names.empty()) result.push_back(std::move(shown)); // else it is one by its place
    }
    return result;
}

// What stands behind the options; of a command that has a program there, `anything`.
shown_value argument_of(const CLI::App& line) {
    for (const CLI::Option* const each : line.get_options())
        if (each->get_positional()) return value_of(*each);
    return {shown_value::anything};
}

std::string joined(const std::vector<std::string>& words, const std::string& between) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : between) + word;
    return text;
}

// Within single quotes, which all three shells have; what ends them is left out, as are brackets and colons, which zsh reads.
std::string harmless(std::string text) {
    std::erase_if(text, [](char c) { return c == '\'' || c == '[' || c == ']' || c == '\\'; });
    std::replace(text.begin(), text.end(), ':', ',');
    return text;
}

std::vector<const CLI::App*> lines_of(const CLI::App& root) {
    return root.get_subcommands([](const CLI::App*) { return true; });
}

// Sets what the script completes of a value; "" where there is nothing to offer.
std::string bash_kind(const shown_value& value) {
    switch (value.is) {
    case shown_value::file:
        return "kind=files";
    case shown_value::words:
        return "kind=words choice='" + value.choice + "'";
    case shown_value::allocators:
        return "kind=allocators choice='" + value.choice + "'";
    case shown_value::process:
        return "kind=processes";
    case shown_value::none:
    case shown_value::anything:
        break;
    }
    return "kind=nothing";
}

std::string for_bash(const CLI::App& root) {
    std::vector<std::string> names;
    std::string commands, values;
    for (const CLI::App* const line : lines_of(root)) {
        const std::string& name = line->get_name();
        names.push_back(name);
        std::vector<std::string> options, valued;
        for (const shown_option& each : options_of(*line)) {
            options.insert(options.end(), each.names.begin(), each.names.end());
            if (each.value.is == shown_value::none) continue;
            valued.insert(valued.end(), each.names.begin(), each.names.end());
            values += "        " + name + each.names.front();
            for (std::size_t i = 1; i != each.names.size(); ++i)
                values += "|" + name + each.names[i];
            values += ") " + bash_kind(each.value) + " ;;\n";
        }
        commands += "        " + name + ") options='" + joined(options, " ") + "' valued='" +
                    joined(valued, " ") + "' program=" + (line->get_prefix_command() ? "1" : "0") +
                    "\n            " + bash_kind(argument_of(*line)) + " ;;\n";
    }
    return R"(# bash completion for cenote, written by `cenote completion bash`.
_cenote() {
    # Bash takes words apart at : and =, and puts what is chosen in place of what stands behind the last of them.
    local words=() starts=() part i
    for ((i = 0; i <= COMP_CWORD; ++i)); do
        part=${COMP_WORDS[i]}
        if ((i > 1)) && [[ $part =~ ^[:=]+$ || ${COMP_WORDS[i - 1]} =~ ^[:=]+$ ]]; then
            words[${#words[@]} - 1]+=$part
        else
            words+=("$part")
            starts+=("$i")
        fi
    done
    local last=$((${#words[@]} - 1)) command=${words[1]} options='' valued='' program=0 runs=0 places=0 kind choice='' at
    local word=${words[last]}
    if ((last == 1)); then
        COMPREPLY=($(compgen -W '--help --version )" +
           joined(names, " ") + R"(' -- "$word"))
        return
    fi
    case $command in
)" + commands +
           R"(        *) return ;;
    esac
    for ((at = 2; at < last; ++at)); do
        if [[ ${words[at]} == -- ]]; then
            ((++at))
            break
        fi
        if [[ " $valued " == *" ${words[at]} "* ]]; then
            ((++at))
        elif [[ ${words[at]} != -* ]]; then
            if [[ $program == 1 ]]; then break; fi
            ((++places))
        fi
    done
    # Where the program begins, its own completion goes on.
    if [[ $program == 1 ]] && { ((at < last)) || { ((at == last)) && [[ $word != -* || ${words[at - 1]} == -- ]]; }; }; then
        if declare -F _command_offset >/dev/null; then
            _command_offset "${starts[at]}"
            return
        fi
        runs=1 kind=files
        if ((at == last)); then kind=programs; fi
    fi
    if ((places > 0)); then kind=nothing; fi
    # An option's value: behind it, or behind = in the same word.
    local value=$word kept='' option=''
    if ((at > last)); then
        option=${words[last - 1]}
    elif [[ $word == --*=* && " $valued " == *" ${word%%=*} "* ]]; then
        option=${word%%=*}
        value=${word#*=}
        kept=$option=
    elif [[ $word == -* && $runs == 0 ]]; then
        kind=words choice=$options
    fi
    case $command$option in
)" + values +
           R"(    esac
    # Of several with commas between the last; what stands behind cenote: or NAME= is a file.
    if [[ $kind == allocators ]]; then
        kind=words
        local item=${value##*,}
        if [[ $item == *[:=]* ]]; then
            kind=files
            item=${item#*[:=]}
        fi
        kept+=${value%"$item"}
        value=$item
    fi
    local found=()
    case $kind in
        words) mapfile -t found < <(compgen -P "$kept" -W "$choice" -- "$value") ;;
        files)
            mapfile -t found < <(compgen -P "$kept" -f -- "$value")
            compopt -o filenames 2>/dev/null
            ;;
        programs) mapfile -t found < <(compgen -c -- "$value") ;;
        processes)
            choice=$(cd /proc && echo [0-9]*)
            mapfile -t found < <(compgen -W "$choice" -- "$value")
            ;;
    esac
    local breaks=${COMP_WORDBREAKS//[^:=]/} done=''
    if [[ -n $breaks && $word == *[$breaks]* ]]; then done=${word%"${word##*[$breaks]}"}; fi
    COMPREPLY=("${found[@]#"$done"}")
}
complete -F _cenote cenote
)";
}

std::string zsh_value(const shown_value& value, const std::string& name) {
    switch (value.is) {
    case shown_value::none:
        return "";
    case shown_value::file:
        return ":" + name + ":_files";
    case shown_value::words:
        return ":" + name + ":(" + value.choice + ")";
    case shown_value::allocators:
        return ":allocators:_sequence compadd - " + value.choice;
    case shown_value::process:
        return ":process:_pids";
    case shown_value::anything:
        break;
    }
    return ":" + name + ": ";
}

std::string for_zsh(const CLI::App& root) {
    std::string commands, cases;
    for (const CLI::App* const line : lines_of(root)) {
        commands += "        '" + line->get_name() + ":" + harmless(line->get_description()) + "'\n";
        cases += "        " + line->get_name() + ")\n            _arguments -S";
        for (const shown_option& each : options_of(*line)) {
            const std::string value = zsh_value(each.value, "value");
            const std::string text = "[" + harmless(each.description) + "]" + value + "'";
            const std::string names = joined(each.names, " ");
            // A value stands in the same word or the next one.
            std::vector<std::string> forms = each.names;
            for (std::string& form : forms)
                if (each.value.is != shown_value::none) form += form.starts_with("--") ? "=" : "+";
            cases += " \\\n                '";
            if (each.names.size() == 1)
                cases.append(forms.front());
            else
                cases.append("(").append(names).append(")'{").append(joined(forms, ",")).append("}'");
            cases += text;
        }
        const shown_value argument = argument_of(*line);
        if (line->get_prefix_command())
            cases += " \\\n                '*:::program:_normal'\n";
        else
            cases += " \\\n                '1" + zsh_value(argument, "argument") + "'\n";
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

// `needed`: that an option's value cannot be left out.
std::string fish_value(const shown_value& value, const std::string& needed) {
    switch (value.is) {
    case shown_value::none:
        return "";
    case shown_value::file:
        return needed + " -F";
    case shown_value::words:
    case shown_value::allocators:
        return needed + " -fa '" + value.choice + "'";
    case shown_value::process:
        return needed + " -fa '(__fish_complete_pids)'";
    case shown_value::anything:
        break;
    }
    return needed + " -f";
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
        if (!line->get_prefix_command())
            text += "complete -c cenote -n '__fish_seen_subcommand_from " + name + "'" +
                    fish_value(argument_of(*line), "") + "\n";
        for (const shown_option& each : options_of(*line)) {
            text += "complete -c cenote -n '__fish_seen_subcommand_from " + name + "'";
            for (const std::string& option : each.names)
                text += option.starts_with("--") ? " -l " + option.substr(2) : " -s " + option.substr(1);
            text += fish_value(each.value, " -r");
            text += " -d '" + harmless(each.description) + "'\n";
        }
    }
    return "# fish completion for cenote, written by `cenote completion fish`.\n"
           "complete -c cenote -f\n"
           "complete -c cenote -n __fish_use_subcommand -s h -l help -d 'this text'\n"
           "complete -c cenote -n __fish_use_subcommand -l version -d 'its version'\n" +
           text + "complete -c cenote -n '__fish_seen_subcommand_from " + programs +
           "' -xa '(__fish_complete_subcommand --fcs-skip=2)'\n";
}

std::function<int()> prepare_completion(CLI::App& line) {
    const auto shell = std::make_shared<std::string>();
    line.add_option("SHELL", *shell, "bash, zsh or fish")
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
