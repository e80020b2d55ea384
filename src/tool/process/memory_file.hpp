// Layer: tool. A file that is nowhere but in memory: for what a program writes, however much that is, without anybody reading
// meanwhile.
#pragma once

#include "../support/failure.hpp"

#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace cenote::tool {

class memory_file {
public:
    explicit memory_file(const char* name) : file_(::memfd_create(name, MFD_CLOEXEC)) {
        if (file_ < 0) fail_with_errno("cannot make a file in memory");
    }
    memory_file(memory_file&& from) noexcept : file_(std::exchange(from.file_, -1)) {}
    memory_file& operator=(memory_file&&) = delete;
    ~memory_file() {
        if (file_ >= 0) ::close(file_);
    }
    int number() const noexcept { return file_; }

    std::string text(std::size_t most = static_cast<std::size_t>(-1)) const {
        struct stat about {};
        if (::fstat(file_, &about) != 0) return {};
        std::string result(std::min(static_cast<std::size_t>(about.st_size), most), '\0');
        std::size_t got = 0;
        while (got != result.size()) {
            const ssize_t n =
                ::pread(file_, result.data() + got, result.size() - got, static_cast<off_t>(got));
            if (n <= 0) break;
            got += static_cast<std::size_t>(n);
        }
        result.resize(got);
        return result;
    }

private:
    int file_;
};

} // namespace cenote::tool
