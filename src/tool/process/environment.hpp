// Layer: tool. The environment of a program that is started: this one's, with some variables set or taken out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cenote::tool {

class environment {
public:
    // That of this process.
    static environment inherited();

    void set(std::string_view name, std::string_view value);
    void remove(std::string_view name);
    std::string get(std::string_view name) const; // empty where there is none

    // First in line, before what whoever called us preloads.
    void preload(std::string_view library);

    // For execve; valid until something is changed.
    std::vector<char*> pointers();

private:
    std::vector<std::string> entries_; // NAME=VALUE
};

} // namespace cenote::tool
