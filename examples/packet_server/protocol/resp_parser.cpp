#include "resp_parser.hpp"

#include "inline_arguments.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace packet_server {

namespace {

// A sign and the digits of any number that means something, and some to spare.
constexpr std::size_t longest_number = 32;

} // namespace

parse_event resp_parser::next(char* frame, std::size_t size) noexcept {
    if (state_ == state::finished) {
        state_ = state::start;
        scanned_ = looked_ = least_frame_ = 0;
    }
    for (;;) {
        switch (state_) {
        case state::start:
            if (size == 0) return parse_event::need_more;
            state_ = frame[0] == '*' ? state::count : state::line;
            break;
        case state::count:
            return count(frame, size);
        case state::bulk_header: {
            const parse_event event = bulk_header(frame, size);
            if (state_ != state::bulk) return event;
            break;
        }
        case state::bulk:
            return bulk(frame, size);
        case state::line:
            return find_line(frame, size);
        case state::line_arguments:
            return line_argument(frame);
        case state::finished:
            return parse_event::need_more;
        case state::failed:
            return parse_event::error;
        }
    }
}

parse_event resp_parser::count(char* frame, std::size_t size) noexcept {
    if (const auto stop = read_number(frame, size, "ERR Protocol error: too big mbulk count string",
                                      "ERR Protocol error: invalid multibulk length"))
        return *stop;
    if (number_ <= 0) {
        state_ = state::finished;
        return parse_event::blank;
    }
    announced_ = left_ = static_cast<std::size_t>(number_);
    if (left_ > limits_.max_arguments) return fail("ERR Protocol error: invalid multibulk length");
    state_ = state::bulk_header;
    return parse_event::begin;
}

parse_event resp_parser::bulk_header(char* frame, std::size_t size) noexcept {
    if (left_ == 0) {
        state_ = state::finished;
        return parse_event::end;
    }
    if (size == scanned_) return parse_event::need_more;
    if (frame[scanned_] != '$') return fail("ERR Protocol error: expected '$' before an argument");
    if (const auto stop = read_number(frame, size, "ERR Protocol error: too big bulk count string",
                                      "ERR Protocol error: invalid bulk length"))
        return *stop;
    if (number_ < 0) return fail("ERR Protocol error: invalid bulk length");
    size_ = static_cast<std::size_t>(number_);
    if (size_ > limits_.max_frame) return fail("ERR Protocol error: invalid bulk length");
    least_frame_ = scanned_ + size_ + 2;
    if (least_frame_ > limits_.max_frame) return fail("ERR Protocol error: too big request");
    state_ = state::bulk;
    return parse_event::need_more;
}

parse_event resp_parser::bulk(char* frame, std::size_t size) noexcept {
    if (size < least_frame_) return parse_event::need_more;
    if (frame[least_frame_ - 2] != '\r' || frame[least_frame_ - 1] != '\n') {
        return fail("ERR Protocol error: expected CRLF after an argument");
    }
    position_ = scanned_;
    scanned_ = looked_ = least_frame_;
    --left_;
    state_ = state::bulk_header;
    return parse_event::argument;
}

parse_event resp_parser::find_line(char* frame, std::size_t size) noexcept {
    const std::size_t until = std::min(size, limits_.max_inline);
    const void* const found = std::memchr(frame + looked_, '\n', until - looked_);
    if (found == nullptr) {
        looked_ = until;
        return until == limits_.max_inline ? fail("ERR Protocol error: too big inline request")
                                           : parse_event::need_more;
    }
    line_length_ = static_cast<std::size_t>(static_cast<const char*>(found) - frame);
    looked_ = line_length_ + 1;
    if (line_length_ > 0 && frame[line_length_ - 1] == '\r') --line_length_;

    if (skip_space(frame, 0, line_length_) == line_length_) {
        scanned_ = looked_;
        state_ = state::finished;
        return parse_event::blank;
    }
    announced_ = 1;
    left_ = limits_.max_arguments;
    state_ = state::line_arguments;
    return parse_event::begin;
}

parse_event resp_parser::line_argument(char* frame) noexcept {
    inline_arguments line{frame, line_length_};
    line.position = scanned_;
    switch (line.next()) {
    case inline_status::unbalanced:
        return fail("ERR Protocol error: unbalanced quotes in request");
    case inline_status::end:
        scanned_ = looked_;
        state_ = state::finished;
        return parse_event::end;
    case inline_status::argument:
        break;
    }
    if (left_-- == 0) return fail("ERR Protocol error: too many arguments in a line");
    scanned_ = line.position;
    position_ = line.begin;
    size_ = line.size;
    return parse_event::argument;
}

// Reads the number that follows the byte at `scanned_`, and the CRLF behind it. What it returns, if anything, is why
// it could not.
std::optional<parse_event> resp_parser::read_number(const char* frame, std::size_t size, const char* too_long,
                                                    const char* invalid) noexcept {
    const std::size_t begin = scanned_ + 1;
    const std::size_t until = std::min(size, begin + longest_number);
    looked_ = std::max(looked_, begin);
    if (until < looked_) return parse_event::need_more;
    const void* const found = std::memchr(frame + looked_, '\r', until - looked_);
    if (found == nullptr) {
        looked_ = until;
        if (until == begin + longest_number) {
            return fail(too_long);
        }
        return parse_event::need_more;
    }
    const std::size_t end = static_cast<std::size_t>(static_cast<const char*>(found) - frame);
    looked_ = end;
    if (end + 1 == size) return parse_event::need_more;
    const auto [stop, trouble] = std::from_chars(frame + begin, frame + end, number_);
    if (frame[end + 1] != '\n' || trouble != std::errc{} || stop != frame + end) {
        return fail(invalid);
    }
    scanned_ = looked_ = end + 2;
    return std::nullopt;
}

parse_event resp_parser::fail(const char* why) noexcept {
    error_ = why;
    state_ = state::failed;
    return parse_event::error;
}

} // namespace packet_server
