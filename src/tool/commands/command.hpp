// Layer: tool. What a command is. A new one is a file in this folder that defines a `command`, and a line in registry.cpp.
#pragma once

#include <functional>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace cenote::tool {

struct command {
    const char* name;
    const char* purpose; // in one line, for the list of them
    // Adds the command's options to its part of the command line, and returns what runs once they were read; that returns
    // the exit code, or throws failure.
    std::function<int()> (*prepare)(CLI::App& line);
};

// All of them, in the order in which they are listed.
const std::vector<const command*>& commands();

} // namespace cenote::tool
