// Layer: tool. A folder for the time of a command.
#pragma once

#include "failure.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

namespace cenote::tool {

class scratch_folder {
public:
    scratch_folder() {
        const char* const where = std::getenv("TMPDIR");
        path_ = std::string(where != nullptr && *where != '\0' ? where : "/tmp") + "/cenote-XXXXXX";
        if (::mkdtemp(path_.data()) == nullptr) fail_with_errno("cannot make a folder " + path_);
        path_ = std::filesystem::absolute(path_).string();
    }
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;
    ~scratch_folder() {
        std::error_code none;
        std::filesystem::remove_all(path_, none);
    }
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

} // namespace cenote::tool
