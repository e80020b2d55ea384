// Layer: tool. The replacements of malloc that this machine has, by name.
#pragma once

#include "../process/environment.hpp"

#include <optional>
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

// Those that are asked for, names, NAME:PROFILE for one of ours, or NAME=FILE, with commas between; all that are found where nothing is. Throws failure for a
// name that nobody knows, or that is not found.
std::vector<allocator> find_allocators(const std::string& asked);

// The C library's file, to put its malloc in front of that which a program brings.
std::string c_library();

} // namespace cenote::tool
