// Takes requests apart: RESP2 arrays of bulk strings, and plain lines.
//
// Bytes arrive in any pieces. The caller keeps those of the frame that is being read together, from its first
// byte on, and asks for one event after the other; the parser remembers how far it got, so that a frame costs
// time linear in its length however finely it is cut. It allocates nothing and keeps no pointers: all
// positions are relative to the frame's first byte, which may move between two calls.
//
//     *2\r\n $4\r\n ECHO \r\n $5\r\n hello \r\n      begin · argument 8+4 · argument 18+5 · end
//     PING\r\n                                       begin · argument 0+4 · end
#pragma once

#include "limits.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace packet_server {

enum class parse_event {
    need_more, // every byte was used and the frame is not whole
    begin,     // of a request with at least one argument
    argument,  // `position()` and `size()` tell where it lies
    end,       // of a request: the frame had `frame_size()` bytes
    blank,     // an empty line or an array without elements, of `frame_size()` bytes: nothing to answer
    error,     // `error()` tells which; the stream is beyond repair
};

class resp_parser {
public:
    explicit resp_parser(const frame_limits& limits) noexcept : limits_(limits) {}

    // The next event in the frame that begins at `frame` and of which `size` bytes are there. After `end` and
    // `blank` the next call takes the first byte after that frame as its `frame`. May write into lines, to
    // resolve quotes; never reads or writes outside the `size` bytes.
    parse_event next(char* frame, std::size_t size) noexcept;

    std::size_t position() const noexcept { return position_; }
    std::size_t size() const noexcept { return size_; }
    std::size_t frame_size() const noexcept { return scanned_; }
    const char* error() const noexcept { return error_; } // as the client is to read it, or nullptr

    // The arguments that the request announced, 1 for a line.
    std::size_t announced() const noexcept { return announced_; }
    // The least the frame will have: what a buffer must hold before the parser gets any further.
    std::size_t least_frame() const noexcept { return least_frame_; }

private:
    enum class state : std::uint8_t {
        start,
        count,
        bulk_header,
        bulk,
        line,
        line_arguments,
        finished,
        failed
    };

    parse_event count(char* frame, std::size_t size) noexcept;
    parse_event bulk_header(char* frame, std::size_t size) noexcept;
    parse_event bulk(char* frame, std::size_t size) noexcept;
    parse_event find_line(char* frame, std::size_t size) noexcept;
    parse_event line_argument(char* frame) noexcept;

    std::optional<parse_event> read_number(const char* frame, std::size_t size, const char* too_long,
                                           const char* invalid) noexcept;
    parse_event fail(const char* why) noexcept;

    frame_limits limits_;
    state state_ = state::start;
    const char* error_ = nullptr;
    std::size_t scanned_ = 0; // bytes of the frame that are dealt with
    std::size_t looked_ = 0;  // bytes in which the end of the line was sought
    std::size_t left_ = 0;    // arguments still to come
    std::size_t announced_ = 0;
    std::size_t least_frame_ = 0;
    std::size_t position_ = 0;
    std::size_t size_ = 0;
    std::int64_t number_ = 0;     // that read_number() read
    std::size_t line_length_ = 0; // without its end
};

} // namespace packet_server
