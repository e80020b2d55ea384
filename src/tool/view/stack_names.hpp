// Layer: tool. The stacks of a trace as rows of functions, and the call site of each. Functions and sites are numbered, so that what
// is the same is counted as one.
#pragma once

#include "../symbols/symbolizer.hpp"
#include "../trace/reader.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace cenote::tool {

// A function of a flame graph: the same wherever in it the call is.
struct view_function {
    std::string name; // without parameters
    std::string module;
    std::string file{}; // of the source, where it is known, and the line of the call that was met first
    unsigned line = 0;
};

// A place that allocates: with debug information a line, without a function.
struct view_site {
    std::string name;
    std::string module;
    std::string file{};
    unsigned line = 0;
};

struct view_stack {
    std::vector<std::uint32_t> functions; // the outermost first
    std::uint32_t site = 0;
};

class stack_names {
public:
    // Of an event that was just read; its place in stacks().
    std::uint32_t place_of(const trace_reader& trace, std::uint32_t stack);

    const std::vector<view_stack>& stacks() const noexcept { return stacks_; }
    const std::vector<view_function>& functions() const noexcept { return functions_; }
    const std::vector<view_site>& sites() const noexcept { return sites_; }

private:
    std::uint32_t function_of(const source_call& call);
    std::uint32_t site_of(const source_call& call);

    symbolizer names_;
    std::unordered_map<std::uint32_t, std::uint32_t> places_; // by number
    std::vector<view_stack> stacks_;
    std::map<std::pair<std::string, std::string>, std::uint32_t> function_numbers_;
    std::map<std::string, std::uint32_t> site_numbers_;
    std::vector<view_function> functions_;
    std::vector<view_site> sites_;
};

} // namespace cenote::tool
