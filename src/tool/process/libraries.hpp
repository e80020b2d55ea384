// Layer: tool. Where Cenote's own libraries are: in the folder that CENOTE_LIBRARY_FOLDER names; else beside the tool, or
// where it was installed along with them.
#pragma once

#include <string>

namespace cenote::tool {

inline constexpr const char* malloc_library = "libcenote-malloc.so";
inline constexpr const char* counting_malloc_library = "libcenote-malloc-counting.so";
inline constexpr const char* hardened_malloc_library = "libcenote-malloc-hardened.so";

// The path of one; throws failure where there is none, or the dynamic linker could not take it: a path with a space or a
// colon is two to it.
std::string find_library(const std::string& name);
// The same, empty where there is none.
std::string find_library_or_none(const std::string& name);

} // namespace cenote::tool
