// Layer: adaptor. How a shared segment is opened, what may be wrong with it, and what it tells about itself.
#pragma once

#include "cenote/adaptor/segment_words.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

namespace cenote {

// Whether a segment is made or found.
enum class opening : std::uint8_t {
    open_or_create, // the segment at the path; where there is none, a new one
    create,         // a new one; `exists` where there is one
    open,           // the one that is there; `not_found` where there is none
};

// How a segment is opened, and what a new one is like.
struct segment_options {
    std::size_t capacity = 0;        // objects; 0 to open one of any capacity. At most 2^32 - 64
    std::uint32_t participants = 64; // of a new segment: the most that have it open at once. At most 16,383
    opening how = opening::open_or_create; // made, found, or either
    bool exclusive = false;      // nobody else may have it open, now and while this one has: else `in_use`
    unsigned permissions = 0600; // of a new file, less the umask
    std::uint64_t tag = 0; // the user's number for the objects' layout and meaning: another one is refused
};

// Why a segment could not be opened.
enum class segment_error : std::uint8_t {
    none,
    exists,        // `create`, and there is one
    not_found,     // `open`, and there is none; or no such folder
    denied,        // the file's permissions
    no_space,      // the file system is full, or a limit is reached
    not_a_segment, // no plain file, or one of something else
    other_version, // of a Cenote with another layout
    other_layout,  // another size, alignment or capacity
    other_tag,     // another segment_options::tag
    truncated,     // the file is shorter or longer than its header says
    damaged,       // the header contradicts itself
    no_seat,       // as many participants as it was made for, all alive
    in_use,        // open, where one side wanted it alone
    bad_argument,  // no capacity, too many objects, too many participants, no path
    os,            // anything else that the OS refused: its errno is os_error()
};

// A few words, for messages.
constexpr const char* to_text(segment_error e) noexcept {
    constexpr const char* texts[] = {"no error",
                                     "there is one already",
                                     "there is none",
                                     "permission denied",
                                     "no space left",
                                     "no shared segment",
                                     "of a version with another layout",
                                     "of objects with another size, alignment or number",
                                     "of objects with another tag",
                                     "the file is not as long as its header says",
                                     "its header is damaged",
                                     "all seats are taken",
                                     "in use",
                                     "neither a path, a capacity nor a number of participants that could be",
                                     "the system refused"};
    const auto i = static_cast<std::size_t>(e);
    return i < sizeof texts / sizeof *texts ? texts[i] : "unknown error";
}

// What the constructors throw.
class segment_failure : public std::runtime_error {
public:
    // For a segment at `path`; nullptr for one without a name.
    segment_failure(segment_error e, int os_error, const char* path)
        : std::runtime_error(
              std::string("shared segment ") + (path == nullptr ? "without a name" : path) + ": " +
              to_text(e) +
              // NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is safe for errors that it knows
              (os_error == 0 ? "" : std::string(": ") + std::strerror(os_error))),
          error_(e), os_error_(os_error) {}
    segment_error error() const noexcept { return error_; } // what is wrong
    int os_error() const noexcept { return os_error_; }     // errno; 0 where the OS had no part in it

private:
    segment_error error_;
    int os_error_;
};

// A shared segment, each number as it was at some moment of the count.
struct segment_stats {
    std::size_t capacity = 0;     // objects
    std::size_t free = 0;         // blocks
    std::size_t live = 0;         // objects, those that are kept and those of the dead among them
    std::size_t kept = 0;         // of them: owned by nobody, see keep()
    std::size_t making = 0;       // blocks whose owner constructs an object, or died doing so
    std::size_t abandoned = 0;    // blocks in use of the dead: what reclaim() would free
    std::size_t participants = 0; // alive
    std::size_t dead = 0;         // participants that died and were not reclaimed
    std::size_t seats = 0;        // the most participants
    std::size_t block_size = 0;   // bytes
    std::size_t bytes = 0;        // the whole file
};

// One participant, at one moment.
struct segment_participant {
    participant_id id;         // its seat and incarnation
    std::uint32_t process = 0; // its process's number when it joined, in its own container; for people
    bool alive = false;        // false: it died, and what it owned waits for reclaim()
    bool here = false;         // it is the one that asks
};

namespace detail {

[[noreturn]] CENOTE_COLD inline void throw_segment_failure(segment_error e, int os_error, const char* path) {
#if CENOTE_EXCEPTIONS
    throw segment_failure{e, os_error, path};
#else
    fail_with("shared segment %s: %s (errno %d), and exceptions are off: use try_open",
              path == nullptr ? "without a name" : path, to_text(e), os_error);
#endif
}

constexpr segment_error segment_error_of(int os_error) noexcept {
    switch (os_error) {
    case 0:
        return segment_error::none;
    case EEXIST:
        return segment_error::exists;
    case ENOENT:
    case ENOTDIR:
        return segment_error::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
        return segment_error::denied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM:
        return segment_error::no_space;
    case EISDIR:
    case EINVAL:
    case ENXIO:
        return segment_error::not_a_segment;
    default:
        return segment_error::os;
    }
}

} // namespace detail

} // namespace cenote
