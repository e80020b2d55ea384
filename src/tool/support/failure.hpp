// Layer: tool. What ends a command early: a message for people, an exit code for scripts.
#pragma once

#include "exit_codes.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace cenote::tool {

class failure : public std::runtime_error {
public:
    failure(exit_code code, const std::string& message) : std::runtime_error(message), code_(code) {}
    exit_code code() const noexcept { return code_; }

private:
    exit_code code_;
};

// Of a call to the OS that failed: "MESSAGE: what errno says".
[[noreturn]] inline void fail_with_errno(const std::string& message, exit_code code = exit_trouble) {
    const int why = errno;
    throw failure(code, message + ": " + std::strerror(why));
}

} // namespace cenote::tool
