// Layer: tool. One file of code, and what its symbol tables and debug information say of a place in it. Read by elfutils' libdw, which
// also finds what distributions keep apart from the file (/usr/lib/debug, by build-id).
#pragma once

#include "source_call.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cenote::tool {

class code_file {
public:
    // The build-id is that of the file as it was mapped, in hexadecimal digits; an empty one is not compared. A file that is gone,
    // is another one or makes no sense has no names, and is no error.
    code_file(const std::string& path, const std::string& build_id);
    code_file(const code_file&) = delete;
    code_file& operator=(const code_file&) = delete;
    ~code_file();

    // The calls at an instruction, which is at `offset` in the file: those that were inlined, innermost first, then the function that
    // holds them. At least one.
    std::vector<source_call> calls_at(std::uint64_t offset) const;

private:
    struct debug_information;

    std::string name_;
    std::string problem_;
    std::unique_ptr<debug_information> from_;
};

} // namespace cenote::tool
