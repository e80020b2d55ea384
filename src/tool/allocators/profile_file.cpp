#include "profile_file.hpp"

#include "heap/profile.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace cenote::tool {

std::optional<std::string> fault_of_profile(const std::string& file) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(file, error);
    if (!std::filesystem::exists(status)) return file + " is not read: " + error.message();
    if (!std::filesystem::is_regular_file(status)) return file + " is not read: it is no file";
    errno = 0;
    std::ifstream from(file, std::ios::binary);
    if (!from) return file + " is not read: " + std::strerror(errno);
    std::string text(detail::most_profile_bytes + 1, '\0'); // one more says that there is more
    from.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (from.bad()) return file + " is not read: " + std::strerror(errno);
    detail::class_layout layout{detail::compute_class_sizes()};
    const detail::profile_fault fault =
        detail::parse_profile(text.data(), static_cast<std::size_t>(from.gcount()), layout);
    if (fault.what == nullptr) return std::nullopt;
    return file + " is not used: " + (fault.line != 0 ? "line " + std::to_string(fault.line) + ": " : "") +
           fault.what;
}

} // namespace cenote::tool
