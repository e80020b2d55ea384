// Layer: tool. Which call of a stack is the one that a reader means by "where it was allocated": the innermost that is not of the
// allocator, of the recorder, or of what stands between an allocator and who wants memory.
#pragma once

#include "source_call.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace cenote::tool {

// The name alone of a demangled function: "std::vector<int>::push_back" of "void std::vector<int>::push_back<int>(int&&)".
std::string_view plain_name(std::string_view function) noexcept;

// Whether a call only passes an allocation on: operator new, the standard library's own functions (std::, __gnu_cxx::), the libraries
// of allocators, this project's, and functions whose own name has malloc, calloc, realloc or strdup in it (zmalloc, g_malloc0,
// PyMem_Malloc).
bool is_allocation_glue(const source_call& call) noexcept;

// The place of the call site among calls, the innermost first; the innermost itself where all are glue.
std::size_t call_site(std::span<const source_call* const> calls) noexcept;

} // namespace cenote::tool
