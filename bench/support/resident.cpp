#include "support/resident.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <string_view>
#include <system_error>
#include <unistd.h>

namespace bench {

std::size_t resident_bytes() {
    const int file = ::open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    if (file < 0) throw std::system_error(errno, std::generic_category(), "/proc/self/smaps_rollup");
    std::array<char, 4096> text{};
    const ssize_t length = ::read(file, text.data(), text.size());
    ::close(file);
    const std::string_view all{text.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
    // "Anonymous:         65536 kB"
    const auto digits = all.find_first_of("0123456789", all.find("Anonymous:"));
    std::size_t kib = 0;
    if (digits == std::string_view::npos ||
        std::from_chars(&all[digits], all.data() + all.size(), kib).ec != std::errc{})
        throw std::system_error(EPROTO, std::generic_category(), "/proc/self/smaps_rollup has no Anonymous");
    return kib * 1024;
}

} // namespace bench
