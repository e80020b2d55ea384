// Layer: tool. What a trace says of the program as a whole: at its beginning, and at its end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::tool {

struct trace_description {
    std::vector<std::string> program; // and its arguments
    std::uint64_t process = 0;
    std::uint64_t started = 0;        // nanoseconds since 1970
    std::uint64_t stack_interval = 0; // a stack for so many bytes on average; 0 none
    std::uint64_t page_size = 0;
    std::string allocator; // the library whose malloc it was; empty for the C library's
    bool forked = false;   // begins as the copy of a process whose objects are not in the trace

    std::string text() const;
    static trace_description from(std::string_view text);

    friend bool operator==(const trace_description&, const trace_description&) = default;
};

// How a trace ended. Of one that was cut off nothing is known.
struct trace_end {
    // ended: nobody knows how; stopped: the recording, not the program
    enum class reason { unknown, exited, signalled, ended, stopped, disk_full };

    reason why = reason::unknown;
    std::uint64_t value = 0;  // exit code, or number of the signal
    std::uint64_t events = 0; // that were written
    std::uint64_t lost = 0;   // that could not be kept

    std::string text() const;
    static trace_end from(std::string_view text);

    friend bool operator==(const trace_end&, const trace_end&) = default;
};

} // namespace cenote::tool
