// Layer: tool. What code was mapped where, for who wants names for the addresses of a stack.
#pragma once

#include <cstdint>
#include <string>

namespace cenote::tool {

struct code_module {
    std::uint64_t begin = 0; // addresses
    std::uint64_t end = 0;
    std::uint64_t offset = 0; // in the file, of what is at `begin`
    std::string path;
    std::string build_id; // in hexadecimal digits; empty where the file has none

    friend bool operator==(const code_module&, const code_module&) = default;
};

} // namespace cenote::tool
