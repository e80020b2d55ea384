// Layer: tool. The order in which the dynamic linker looks for a symbol when a program starts, and so, whose malloc it calls.
#pragma once

#include "../elf/image.hpp"
#include "../process/environment.hpp"
#include "../process/program_file.hpp"

#include <string>
#include <vector>

namespace cenote::tool {

struct search_scope {
    std::vector<elf_image> objects;      // the executable first, then what is preloaded, then the libraries
    std::vector<std::string> complaints; // of the dynamic linker: what it cannot preload, or does not find

    // The first that exports a function; nullptr where none does.
    const elf_image* owner_of(const std::string& function) const&;
    const elf_image* owner_of(const std::string& function) const&& = delete;
    // Whether an object is there, under whatever name.
    bool has(const std::string& path) const;
};

// Asks the dynamic linker, which lists what it would load and runs nothing of it. Needs a program without an obstacle (see
// program_file.hpp).
search_scope scope_of(const program_file& program, environment variables);

// Whether two paths are one file.
bool is_same_file(const std::string& a, const std::string& b);

} // namespace cenote::tool
