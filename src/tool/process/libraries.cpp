#include "libraries.hpp"

#include "../support/failure.hpp"

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace cenote::tool {

namespace {

std::vector<std::filesystem::path> folders() {
    if (const char* const named = std::getenv("CENOTE_LIBRARY_FOLDER"); named != nullptr && *named != '\0')
        return {named};
    std::error_code none;
    const std::filesystem::path mine = std::filesystem::read_symlink("/proc/self/exe", none).parent_path();
    return {mine, (mine / CENOTE_BIN_TO_LIB).lexically_normal()};
}

} // namespace

std::string find_library_or_none(const std::string& name) {
    for (const std::filesystem::path& folder : folders()) {
        std::error_code none;
        if (std::filesystem::is_regular_file(folder / name, none))
            return std::filesystem::absolute(folder / name).lexically_normal().string();
    }
    return {};
}

std::string find_library(const std::string& name) {
    std::string found = find_library_or_none(name);
    if (found.empty()) {
        std::string looked;
        for (const std::filesystem::path& folder : folders())
            looked += (looked.empty() ? "" : " and ") + folder.string();
        throw failure(exit_trouble,
                      "there is no " + name + " in " + looked + "; CENOTE_LIBRARY_FOLDER says where it is");
    }
    if (found.find_first_of(" :") != std::string::npos)
        throw failure(exit_trouble, "the dynamic linker takes no path with a space or a colon: " + found);
    return found;
}

} // namespace cenote::tool
