// Layer: tool. One line on stderr that says how far the work is, while it goes on; only where that is a terminal.
#pragma once

#include <cstdio>
#include <string>
#include <unistd.h>

namespace cenote::tool {

class progress_line {
public:
    progress_line() = default;
    progress_line(const progress_line&) = delete;
    progress_line& operator=(const progress_line&) = delete;
    ~progress_line() { clear(); }

    void show(const std::string& text) {
        if (!is_terminal_) return;
        std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
        std::fflush(stderr);
        is_shown_ = true;
    }
    void clear() {
        if (is_shown_) std::fputs("\r\x1b[K", stderr);
        is_shown_ = false;
    }

private:
    bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
    bool is_shown_ = false;
};

} // namespace cenote::tool
