// Layer: tool. Where results go. Whatever cannot be written whole, because a disk is full or a pipe closed, is a failure.
#pragma once

#include <string>
#include <string_view>

namespace cenote::tool {

// So that a closed pipe is an error of write(), with a message, not a silent end. Programs that are started get the
// signal back as it was.
void ignore_broken_pipes();
// Whether it was ignored before.
bool were_broken_pipes_ignored() noexcept;

// All of `text` to an open file; throws failure, which calls the file `name`.
void write_all(int file, std::string_view text, const std::string& name);

// To stdout.
void write_output(std::string_view text);

// A file for a result, opened before the work begins: that it cannot be is known before, not after. "-" is stdout; none is
// stderr.
class result_file {
public:
    explicit result_file(const std::string& path, int otherwise);
    result_file(const result_file&) = delete;
    result_file& operator=(const result_file&) = delete;
    ~result_file();

    void write(std::string_view text);
    // As it has to be before one may say that the result is there.
    void close();

private:
    std::string name_;
    int file_;
    bool owned_ = false;
};

} // namespace cenote::tool
