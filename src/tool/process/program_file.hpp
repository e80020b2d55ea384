// Layer: tool. What a program is, before it is run: whether a library can be preloaded into it.
#pragma once

#include "../elf/image.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cenote::tool {

struct program_file {
    std::vector<std::string>
        files; // what was asked for; then, of scripts, what runs them; the last one is `image`
    elf_image image;
    bool is_privileged =
        false; // runs as somebody else, or with more rights: the kernel has its dynamic linker ignore LD_PRELOAD
    std::string privilege; // "set-user-ID root", ...
};

// Throws failure where a file cannot be read, or a script's interpreter is not there.
program_file inspect_program(const std::string& path);

// Why a library cannot be preloaded into it.
struct preload_obstacle {
    std::string what;   // a name for scripts: "static_program", ...
    std::string text;   // a sentence that begins with the file's name
    std::string remedy; // what to do
};

// None where one can be.
std::optional<preload_obstacle> obstacle_of(const program_file& program);

// Throws failure, exit_cannot_run, where there is one: before the program runs, which it would do without the library.
void require_preloadable(const program_file& program);

} // namespace cenote::tool
