// Layer: tool. The replacements of malloc that this machine has, by name.
#pragma once

#include "../process/environment.hpp"
#include "../process/program_file.hpp"

#include <string>
#include <vector>

namespace cenote::tool {

struct allocator {
    std::string name;
    std::string library;   // the file to preload; empty for the C library's own
    std::string profile{}; // for CENOTE_PROFILE; empty for none, not the caller's either

    // Into the environment of a program that shall have it.
    void put_into(environment& variables) const;
};

// The names that find_allocators knows, in its order: glibc first, ours last.
std::string known_allocators();

// Those that are asked for, names, NAME:PROFILE for one of ours, or NAME=FILE, with commas between; all that are found where nothing
// is. `others` are names of what whoever asks has himself, without a library, behind ours. Throws failure for a name that nobody
// knows, that is not found or stands there twice, and for a profile that the library would not take.
std::vector<allocator> find_allocators(const std::string& asked, const std::vector<std::string>& others = {});

// Throws failure where a program that starts with these variables would not call the malloc of `which`: its library cannot be
// preloaded, or has none.
void require_active(const allocator& which, const program_file& program, environment variables);

// The C library's file, to put its malloc in front of that which a program brings.
std::string c_library();

} // namespace cenote::tool
