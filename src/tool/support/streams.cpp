#include "streams.hpp"

#include "failure.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace cenote::tool {

namespace {
bool broken_pipes_were_ignored = false;
} // namespace

void ignore_broken_pipes() { broken_pipes_were_ignored = std::signal(SIGPIPE, SIG_IGN) == SIG_IGN; }

bool were_broken_pipes_ignored() noexcept { return broken_pipes_were_ignored; }

void write_all(int file, std::string_view text, const std::string& name) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail_with_errno("cannot write " + name);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

void write_output(std::string_view text) { write_all(STDOUT_FILENO, text, "to stdout"); }

result_file::result_file(const std::string& path, int otherwise) : name_(path), file_(otherwise) {
    if (path.empty()) name_ = otherwise == STDOUT_FILENO ? "to stdout" : "to stderr";
    if (path == "-") {
        name_ = "to stdout";
        file_ = STDOUT_FILENO;
    } else if (!path.empty()) {
        file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (file_ < 0) fail_with_errno("cannot open " + path);
        owned_ = true;
    }
}

result_file::~result_file() {
    if (owned_) ::close(file_);
}

void result_file::write(std::string_view text) { write_all(file_, text, name_); }

void result_file::close() {
    if (!std::exchange(owned_, false)) return;
    if (::close(file_) != 0) fail_with_errno("cannot write " + name_);
}

} // namespace cenote::tool
