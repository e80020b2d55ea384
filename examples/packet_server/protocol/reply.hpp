// Writes RESP2 replies to an output queue.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace packet_server {

template <class Output>
class reply {
public:
    explicit reply(Output& output) noexcept : output_(output) {}

    void ok() noexcept { output_.append("+OK\r\n"); }
    void nil() noexcept { output_.append("$-1\r\n"); }
    void status(std::string_view text) noexcept { line("+", text); }
    // `text` begins with the kind of error in capitals and holds no line ends.
    void error(std::string_view text) noexcept { line("-", text); }
    void integer(std::int64_t value) noexcept { number(':', value); }
    // As many replies follow as `count` says.
    void array(std::size_t count) noexcept { number('*', static_cast<std::int64_t>(count)); }
    void bulk(std::string_view bytes) noexcept {
        number('$', static_cast<std::int64_t>(bytes.size()));
        output_.append(bytes);
        output_.append("\r\n");
    }

private:
    void line(std::string_view mark, std::string_view text) noexcept {
        output_.append(mark);
        output_.append(text);
        output_.append("\r\n");
    }
    void number(char mark, std::int64_t value) noexcept {
        std::array<char, 24> text;
        text[0] = mark;
        char* end = std::to_chars(text.data() + 1, text.data() + text.size() - 2, value).ptr;
        *end++ = '\r';
        *end++ = '\n';
        output_.append({text.data(), static_cast<std::size_t>(end - text.data())});
    }

    Output& output_;
};

} // namespace packet_server
