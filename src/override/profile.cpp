// Layer: override. CENOTE_PROFILE=FILE, read by whoever calls first: before the first block, which may be before any constructor
// of this library. By system calls alone, none of which is a point where a thread may be cancelled.
#include "profile.hpp"

#include "heap/profile.hpp"

#include "cenote/base/error.hpp"
#include "cenote/os/errno_kept.hpp"
#include "cenote/os/vm.hpp"

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cenote::detail {

namespace {

constexpr const char* name = "CENOTE_PROFILE";
constinit bool was_found = false;

// Of the file, or -errno. One byte more than a profile may have says that there is more.
long read_file(const char* path, char* to, std::size_t room) noexcept {
    const long file = ::syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return -errno;
    struct stat about {};
    long result = ::fstat(static_cast<int>(file), &about) == 0 && S_ISREG(about.st_mode) ? 0 : -EINVAL;
    while (result >= 0 && static_cast<std::size_t>(result) != room) {
        const long got = ::syscall(SYS_read, file, to + result, room - static_cast<std::size_t>(result));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            if (got < 0) result = -errno;
            break;
        }
        result += got;
    }
    ::syscall(SYS_close, file);
    return result;
}

void read_from(const char* path, class_layout& to) noexcept {
    const std::size_t room = round_up(most_profile_bytes + 1, vm::page_size());
    auto* const text = static_cast<char*>(vm::map_anywhere(room));
    const long bytes = text == nullptr ? -ENOMEM : read_file(path, text, most_profile_bytes + 1);
    if (bytes == -EINVAL)
        say("%s=%.80s is not read: it is no file: the default is used", name, path);
    else if (bytes < 0)
        say("%s=%.80s is not read: error %ld: the default is used", name, path, -bytes);
    else if (const profile_fault fault = parse_profile(text, static_cast<std::size_t>(bytes), to);
             fault.what != nullptr && fault.line != 0)
        say("%s=%.80s is not used: line %u: %s: the default is used", name, path, fault.line, fault.what);
    else if (fault.what != nullptr)
        say("%s=%.80s is not used: %s: the default is used", name, path, fault.what);
    if (text != nullptr) vm::release(text, room);
}

} // namespace

void read_profile(class_layout& to) noexcept {
    const char* const path = ::secure_getenv(name);
    if (path == nullptr || *path == '\0') return;
    was_found = true;
    const errno_kept kept;
    read_from(path, to);
}

void say_if_profile_was_missed() noexcept {
    const char* const path = was_found ? nullptr : ::secure_getenv(name);
    if (path != nullptr && *path != '\0')
        say("%s=%.80s is not read: memory was asked for before there was an environment: the default is used",
            name, path);
}

} // namespace cenote::detail
