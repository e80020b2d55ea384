// Layer: tool. What an ELF file says of itself: enough to tell whether a library can be preloaded into it, and whose malloc it
// has. Files of this machine's kind are read whole; of others only what they are. Nothing that a file says is believed beyond its
// end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cenote::tool {

struct elf_symbol {
    std::string name;
    bool is_defined;       // here
    bool is_exported;      // in the dynamic table: else only in that for debuggers
    std::uint64_t address; // as the file has it
};

struct elf_image {
    std::string path;
    bool is_elf = false;
    bool is_of_this_machine = false;
    std::string machine;     // "x86-64", "32-bit x86", ...
    bool is_damaged = false; // what it says leads beyond its end
    std::string interpreter; // the dynamic linker; empty for libraries and static programs
    bool is_dynamic = false;
    std::string soname;
    std::vector<std::string> needed;
    bool needs_static_tls = false;
    std::uint64_t tls_bytes = 0;
    std::uint64_t base = 0;          // the address that the file's first byte has, by the file
    std::vector<elf_symbol> symbols; // of those that were asked for

    // Linked for good: no dynamic linker comes along.
    bool is_static() const noexcept { return is_elf && interpreter.empty(); }
    // Has a function of that name: for others, or, where it is not exported, for itself.
    bool defines(const std::string& function, bool exported) const;
};

// Of a file that can be read; throws failure else. `names` are the symbols of interest.
elf_image read_elf(const std::string& path, const std::vector<std::string>& names);

// The functions that a replacement of malloc replaces: C's, and operator new and delete.
const std::vector<std::string>& malloc_functions();
// Those of other allocators that hand out or take back blocks of theirs, whoever replaces malloc.
const std::vector<std::string>& foreign_functions();
// Both.
const std::vector<std::string>& functions_of_interest();

} // namespace cenote::tool
