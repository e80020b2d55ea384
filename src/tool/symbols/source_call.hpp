// Layer: tool. A call on a stack, as the program's source has it.
#pragma once

#include <cstdint>
#include <string>

namespace cenote::tool {

struct source_call {
    std::string function{}; // demangled, with its parameters; empty where nobody knows
    std::string module{};   // the file's name without its folders, or the kernel's ("[vdso]"); empty for none
    std::uint64_t offset = 0; // of the call in the module's file; its address where there is no module
    std::string file{};       // of the source; empty without debug information
    unsigned line = 0;        // of the call in it
    bool is_inlined = false;
    std::string problem{}; // why there is no name, where that is known: "other build", "no such file"

    // What callers call it: the function, else "module+0x1234", with the problem.
    std::string name() const;
    // With where it is: "f(int) at main.cpp:12", "f(int) in libx.so".
    std::string text() const;

    friend bool operator==(const source_call&, const source_call&) = default;
};

} // namespace cenote::tool
