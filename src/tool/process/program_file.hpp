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

// Why a library cannot be preloaded into it, as a sentence that begins with the file's name; none where it can.
std::optional<std::string> obstacle_of(const program_file& program);

} // namespace cenote::tool
