// Layer: tool. A file that is there whole or not at all: written beside its place, and moved there when it is. What is no file, as
// /dev/stdout, is written as it stands.
#pragma once

#include <string>
#include <string_view>

namespace cenote::tool {

class whole_file {
public:
    // Throws failure where nothing can be written; "-" is stdout.
    explicit whole_file(std::string path);
    // Throws failure, and then leaves what was there before.
    void write(std::string_view text);

private:
    std::string path_;
    bool is_replaced_ = true;
};

// Throws failure, as for a wrong command line, where what is to be written is the file that was read.
void refuse_to_replace(const std::string& input, const std::string& output);

} // namespace cenote::tool
