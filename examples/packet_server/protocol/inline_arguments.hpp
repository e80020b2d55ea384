// Splits a request that is a plain line, as typed into telnet, into its arguments.
#pragma once

#include <cstddef>

namespace packet_server {

// The first position from `position` on that is not white space, or `length`.
std::size_t skip_space(const char* line, std::size_t position, std::size_t length) noexcept;

enum class inline_status { argument, end, unbalanced };

// One argument of a line. Arguments are separated by white space. "..." may hold \n \r \t \a \b \xHH and
// \ before any other character, '...' only \'. A closing quote must be followed by white space or the end of
// the line.
//
// Reads `line` from `position` on and leaves `position` behind the argument. The argument's own bytes, quotes
// and escapes resolved, are written over the line itself, from `begin` for `size` bytes: they are never more
// than were read. O(length of the argument).
struct inline_arguments {
    char* line;
    std::size_t length;
    std::size_t position = 0;
    std::size_t begin = 0;
    std::size_t size = 0;

    inline_status next() noexcept;

private:
    bool quoted() noexcept;
    bool at_separator() const noexcept;
    void keep(char c) noexcept { line[begin + size++] = c; }
};

} // namespace packet_server
