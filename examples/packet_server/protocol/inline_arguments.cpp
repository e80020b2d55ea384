#include "inline_arguments.hpp"

namespace packet_server {

namespace {

bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f' || c == '\0';
}

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

char escaped(char c) noexcept {
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'a':
        return '\a';
    default:
        return c;
    }
}

} // namespace

std::size_t skip_space(const char* line, std::size_t position, std::size_t length) noexcept {
    while (position < length && is_space(line[position]))
        ++position;
    return position;
}

inline_status inline_arguments::next() noexcept {
    position = skip_space(line, position, length);
    if (position == length) return inline_status::end;
    begin = position;
    size = 0;
    while (!at_separator()) {
        if (line[position] == '"' || line[position] == '\'') {
            if (!quoted()) return inline_status::unbalanced;
        } else {
            keep(line[position++]);
        }
    }
    return inline_status::argument;
}

// From an opening quote to behind the closing one; false if that is missing or misplaced.
bool inline_arguments::quoted() noexcept {
    const char quote = line[position++];
    while (position < length) {
        const char c = line[position++];
        const std::size_t left = length - position;
        if (c == quote) return at_separator();
        if (c != '\\' || left == 0) {
            keep(c);
        } else if (quote == '\'') {
            // Only \' means something between single quotes.
            keep(line[position] == '\'' ? line[position++] : c);
        } else if (line[position] == 'x' && left >= 3 && hex_digit(line[position + 1]) >= 0 &&
                   hex_digit(line[position + 2]) >= 0) {
            keep(static_cast<char>(hex_digit(line[position + 1]) * 16 + hex_digit(line[position + 2])));
            position += 3;
        } else {
            keep(escaped(line[position++]));
        }
    }
    return false;
}

bool inline_arguments::at_separator() const noexcept {
    return position == length || is_space(line[position]);
}

} // namespace packet_server
