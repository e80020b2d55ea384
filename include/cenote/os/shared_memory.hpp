// Layer: os. Files that several processes map, and marks on them that the kernel takes back when a process dies.
//
// Contract, for whoever writes the next platform. Functions that return `int` return 0, or the errno of what failed, and have then
// left nothing behind:
//
//     create_unnamed(bytes, fd, what)        a file without a name, zeroed, all of its memory there already, never smaller;
//                                            lists of open files say `what` of it
//     create_named(path, bytes, mode, fill, fd)
//                                            one that appears at `path` whole, after fill(fd) == 0, or not at all: EEXIST where
//                                            there is one. Whoever dies on the way leaves no file at `path`
//     open_file(path, writable, fd)          one that is there
//     reopen(fd, writable, again)            the same file, with marks of its own: marks belong to what was opened, not to
//                                            the process, and a fork shares them
//     size_of(fd, bytes)                     EINVAL for what is no plain file
//     map(fd, bytes, writable, at)           shared with all who map it
//     unmap(p, bytes)                        what map gave; what the OS does not take then is kept for later, as by vm::release
//     out_of_the_way(fd)                     the same file under a high number, or as it was; programs count on low ones
//     keep_from_children(p, bytes)           what is mapped there is not in children that are forked
//     map_again(p, fd, bytes, writable)      at the same place, in one step; the old mapping's hold on what was opened is gone
//     identity_of(fd)                        a number for the file, the same for all who opened it; 0 for no file
//
//     hold(fd, number, mark)                 takes a mark, alone or shared; EAGAIN where others have it
//     let_go(fd, number)                     gives it back; so does the end of all descriptors and mappings of what was opened
//     is_held(fd, number)                    whether anybody else holds it alone. "Yes" where the kernel does not say
//
// A mark is gone only when the last thread that could run code of its process no longer does: the kernel takes memory and files back at
// the end of a process, after its threads stopped. So "not held" means dead, whatever number the process had, in whatever container.
//
// Every function is thread-safe, takes no lock of ours and leaves errno alone. Linux is implemented (open file description locks,
// fcntl(2)); `supported` is false elsewhere and everything refuses with ENOSYS.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/os/errno_kept.hpp"
#include "cenote/os/vm.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <unistd.h>

namespace cenote::shared_memory {

#if defined(__linux__) && defined(F_OFD_SETLK)
inline constexpr bool supported = true; // whether any of this works here
#else
inline constexpr bool supported = false; // as above
#endif

enum class mark : std::uint8_t { alone, shared };

// A number for fcntl: far behind the end of any file, so that locks of the user's on its bytes are others.
inline constexpr std::int64_t first_mark = std::int64_t{1} << 62;

// close(2) without the C library's, in which a thread may be cancelled: this may be within malloc.
inline void close_file(int fd) noexcept {
    const detail::errno_kept kept;
#if defined(__linux__)
    ::syscall(SYS_close, fd);
#else
    ::close(fd);
#endif
}

#if defined(__linux__) && defined(F_OFD_SETLK)

inline int reopen(int fd, bool writable, int& again) noexcept {
    const detail::errno_kept kept;
    char path[32];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    again = ::open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    return again < 0 ? errno : 0;
}

// All of its memory at once: what a sparse file lacks is noticed at the first touch, by SIGBUS.
inline int fill_with_zeroes(int fd, std::size_t bytes) noexcept {
    // Beyond this limit the kernel answers with a signal that ends the program.
    struct rlimit longest {};
    if (::getrlimit(RLIMIT_FSIZE, &longest) == 0 && longest.rlim_cur != RLIM_INFINITY &&
        bytes > longest.rlim_cur)
        return EFBIG;
    int error;
    do
        error = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes));
    while (error == EINTR);
    return error;
}

inline int create_unnamed(std::size_t bytes, int& fd, const char* what = "cenote shared segment") noexcept {
    const detail::errno_kept kept;
    fd = ::memfd_create(what, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return errno;
    int error = fill_with_zeroes(fd, bytes);
    // Nobody can make it smaller under those who have it mapped.
    if (error == 0 && ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) error = errno;
    if (error != 0) close_file(fd);
    return error;
}

// Gives the file its name, where no other has it. A temporary name, where it has one, goes.
inline int give_name(int fd, const char* temporary, const char* path) noexcept {
    char from[32];
    std::snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    const int done = temporary != nullptr ? ::link(temporary, path)
                                          : ::linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
    const int error = done == 0 ? 0 : errno;
    if (temporary != nullptr) ::unlink(temporary);
    return error;
}

// `fill` is called with the descriptor of the file that has no name yet, and returns 0 or an errno.
template <class Fill>
int create_named(const char* path, std::size_t bytes, unsigned mode, Fill fill, int& fd) noexcept {
    const detail::errno_kept kept;
    char name[4096];
    int length = std::snprintf(name, sizeof name, "%s", path);
    if (length <= 0 || static_cast<std::size_t>(length) + 32 > sizeof name) return ENAMETOOLONG;
    while (length > 0 && name[length - 1] != '/')
        --length;
    char* const rest = name + length;

    // Where the file system can, a file that never had a name; else one with a name that a death on the way leaves.
    const char* temporary = nullptr;
    std::snprintf(rest, 2, ".");
    fd = ::open(name, O_TMPFILE | O_RDWR | O_CLOEXEC, static_cast<mode_t>(mode));
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        std::snprintf(rest, 32, ".cenote-%d-%p", ::getpid(), static_cast<void*>(name));
        fd = ::open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, static_cast<mode_t>(mode));
        temporary = name;
    }
    if (fd < 0) return errno;

    int error = fill_with_zeroes(fd, bytes);
    if (error == 0) error = fill(fd);
    if (error == 0)
        error = give_name(fd, temporary, path);
    else if (temporary != nullptr)
        ::unlink(temporary);
    if (error != 0) close_file(fd);
    return error;
}

inline int open_file(const char* path, bool writable, int& fd) noexcept {
    const detail::errno_kept kept;
    // Not to wait for the other end of a pipe, should it be one.
    fd = ::open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? errno : 0;
}

inline int size_of(int fd, std::size_t& bytes) noexcept {
    const detail::errno_kept kept;
    struct stat s {};
    if (::fstat(fd, &s) != 0) return errno;
    if (!S_ISREG(s.st_mode) || s.st_size < 0) return EINVAL;
    bytes = static_cast<std::size_t>(s.st_size);
    return 0;
}

inline int map(int fd, std::size_t bytes, bool writable, void*& at) noexcept {
    const detail::errno_kept kept;
    at = ::mmap(nullptr, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    return at == MAP_FAILED ? errno : 0;
}
inline int out_of_the_way(int fd) noexcept {
    const detail::errno_kept kept;
    constexpr int high = 100; // as many programs have room for
    const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, high);
    if (moved < 0) return fd;
    close_file(fd);
    return moved;
}
inline int keep_from_children(void* p, std::size_t bytes) noexcept {
    const detail::errno_kept kept;
    return ::madvise(p, bytes, MADV_DONTFORK) == 0 ? 0 : errno;
}
inline bool map_again(void* p, int fd, std::size_t bytes, bool writable) noexcept {
    const detail::errno_kept kept;
    return ::mmap(p, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) !=
           MAP_FAILED;
}
inline void unmap(void* p, std::size_t bytes) noexcept {
    const detail::errno_kept kept;
    if (::munmap(p, bytes) == 0) [[likely]]
        return vm::stranded.retry();
    // The file is let go of, and its marks, where other memory comes in its place; that is then kept as any that the OS refuses.
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    if (::mmap(p, bytes, PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED)
        vm::release(p, detail::round_up(bytes, vm::page_size()));
}

// Of device and file number; two files have the same one by an accident of 64 bits.
inline std::uint64_t identity_of(int fd) noexcept {
    const detail::errno_kept kept;
    struct stat s {};
    if (::fstat(fd, &s) != 0) return 0;
    return (std::uint64_t{s.st_dev} * 0x9E37'79B9'7F4A'7C15U ^ std::uint64_t{s.st_ino}) | 1U;
}

inline struct flock lock_of(unsigned number, int type) noexcept {
    struct flock lock {};
    lock.l_type = static_cast<short>(type);
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(first_mark + number);
    lock.l_len = 1;
    return lock;
}

inline int hold(int fd, unsigned number, mark how) noexcept {
    const detail::errno_kept kept;
    struct flock lock = lock_of(number, how == mark::alone ? F_WRLCK : F_RDLCK);
    if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return 0;
    return errno == EACCES ? EAGAIN : errno;
}
inline void let_go(int fd, unsigned number) noexcept {
    const detail::errno_kept kept;
    struct flock lock = lock_of(number, F_UNLCK);
    ::fcntl(fd, F_OFD_SETLK, &lock);
}
inline bool is_held(int fd, unsigned number) noexcept {
    const detail::errno_kept kept;
    struct flock lock = lock_of(number, F_RDLCK);
    return ::fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

inline int remove(const char* path) noexcept {
    const detail::errno_kept kept;
    return ::unlink(path) == 0 ? 0 : errno;
}

#else

inline int reopen(int, bool, int&) noexcept { return ENOSYS; }
inline int create_unnamed(std::size_t, int&, const char* = "") noexcept { return ENOSYS; }
template <class Fill>
int create_named(const char*, std::size_t, unsigned, Fill, int&) noexcept {
    return ENOSYS;
}
inline int open_file(const char*, bool, int&) noexcept { return ENOSYS; }
inline int size_of(int, std::size_t&) noexcept { return ENOSYS; }
inline int map(int, std::size_t, bool, void*&) noexcept { return ENOSYS; }
inline int out_of_the_way(int fd) noexcept { return fd; }
inline int keep_from_children(void*, std::size_t) noexcept { return ENOSYS; }
inline bool map_again(void*, int, std::size_t, bool) noexcept { return false; }
inline void unmap(void*, std::size_t) noexcept {}
inline std::uint64_t identity_of(int) noexcept { return 0; }
inline int hold(int, unsigned, mark) noexcept { return ENOSYS; }
inline void let_go(int, unsigned) noexcept {}
inline bool is_held(int, unsigned) noexcept { return true; }
inline int remove(const char*) noexcept { return ENOSYS; }

#endif

} // namespace cenote::shared_memory
