#include "whole_file.hpp"

#include "failure.hpp"
#include "streams.hpp"

#include <fcntl.h>
#include <filesystem>
#include <unistd.h>
#include <utility>

namespace cenote::tool {

whole_file::whole_file(std::string path) : path_(std::move(path)) {
    std::error_code none;
    const auto status = std::filesystem::status(path_, none);
    if (path_ == "-" || (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))) {
        is_replaced_ = false;
        if (path_ != "-" && ::access(path_.c_str(), W_OK) != 0) fail_with_errno("cannot open " + path_);
        if (std::filesystem::is_directory(status)) throw failure(exit_trouble, path_ + " is a folder");
        return;
    }
    // Where a link leads to; the link stays.
    if (std::filesystem::exists(status)) path_ = std::filesystem::canonical(path_, none).string();
    const std::string folder = std::filesystem::absolute(path_, none).parent_path().string();
    if (::access(folder.c_str(), W_OK | X_OK) != 0) fail_with_errno("cannot open " + path_);
    if (std::filesystem::exists(status) && ::access(path_.c_str(), W_OK) != 0)
        fail_with_errno("cannot open " + path_);
}

void whole_file::write(std::string_view text) {
    if (!is_replaced_) {
        result_file to(path_, STDOUT_FILENO);
        to.write(text);
        to.close();
        return;
    }
    const std::string beside = path_ + "." + std::to_string(::getpid());
    const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) fail_with_errno("cannot open " + path_);
    bool is_open = true;
    try {
        write_all(file, text, path_);
        is_open = false;
        if (::close(file) != 0 || ::rename(beside.c_str(), path_.c_str()) != 0)
            fail_with_errno("cannot write " + path_);
    } catch (...) {
        if (is_open) ::close(file);
        ::unlink(beside.c_str());
        throw;
    }
}

void refuse_to_replace(const std::string& input, const std::string& output) {
    std::error_code none;
    if (output != "-" && std::filesystem::equivalent(input, output, none))
        throw failure(exit_usage, output + " is what is read: name another file with -o");
}

} // namespace cenote::tool
