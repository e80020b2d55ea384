// Layer: tool. Names for the addresses of a trace's stacks.
//
//     symbolizer names;
//     for (const std::uint64_t address : trace.stack(e.stack))
//         for (const source_call& call : names.calls_at(trace.module_at(address), address))
//             puts(call.text().c_str());
//
// Each place is looked up once. Which module was at an address changes as a program goes on: ask when the stack is met.
#pragma once

#include "../trace/module.hpp"
#include "code_file.hpp"
#include "source_call.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cenote::tool {

class symbolizer {
public:
    // Of a call that returns to an address, in a module or, with nullptr, in none: what was inlined there, innermost first, then the
    // function; at least one. Valid as long as the symbolizer is. Never fails: what has no name is "module+0x1234".
    std::span<const source_call> calls_at(const code_module* module, std::uint64_t return_address);

private:
    struct known_file {
        std::unique_ptr<code_file> file;
        std::unordered_map<std::uint64_t, std::vector<source_call>> calls; // by offset
    };

    std::map<std::pair<std::string, std::string>, known_file> files_; // by path and build-id
    std::unordered_map<std::uint64_t, std::vector<source_call>> nowhere_;
};

} // namespace cenote::tool
