// Layer: override. What the environment asks for, and the table at the end.
//
//     CENOTE_STATS=1       a table on stderr when the process exits
//     CENOTE_LIMIT=64M     the most address space that the heap holds: bytes, or with K, M, G
//     CENOTE_DECAY_MS=500  milliseconds that freed memory stays resident
//     CENOTE_PROFILE=FILE  the size classes that the heap has, and how large magazines and segments are: docs/profile-format.md.
//                          Read before this is: profile.cpp
//     CENOTE_GUARD_RATE=N  one allocation in about N lies between guards, 0: none. Without it, one in 4096, and no more than
//                          20 a second. The hardened library, whose blocks lie elsewhere, does not read it
//     CENOTE_GUARD_PLACES=64  at most so many at a time, of 8 KiB of address space each
//     CENOTE_LEAKS=512K    what is live at exit, on stderr, and where it was allocated, estimated by one allocation in so many
//                          bytes; 1: in 512 KiB. The hardened library does not read it
//     CENOTE_PUBLISH=1     `cenote top` finds the process without the rights of a debugger
//     CENOTE_HARDENED=all  what the hardened library does: names with commas between, all or none; the names are in
//                          hardened/features.hpp. The default library does not read it
//     CENOTE_COUNTS=FOLDER where the counting library counts: counting/counting.hpp. The others do not read it
//
// A value that cannot be read gets one line, and the default. Set-user-id programs listen to none of it.
#include "blocks.hpp"
#include "hardened/features.hpp"
#include "profile.hpp"
#include "table.hpp"

#include "heap/heap_list.hpp"

#include "cenote/base/error.hpp"
#include "cenote/base/units.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>

using namespace cenote::detail;
using namespace cenote::literals;

namespace cenote::detail {

// A sample costs some 10 to 70 µs: that is some thousandth of the time at most.
extern const usual_sampling_settings usual_sampling{.guard_rate = 4096, .guard_gap = 50};

} // namespace cenote::detail

namespace {

// Where the table goes: stderr as it was at the start, since many programs close theirs before they are done; or that itself,
// where there is no room for another. Some close all that they do not know, and open something else under the number.
struct remembered_file {
    int number = -1;
    dev_t device = 0;
    ino_t inode = 0;

    bool is_same(int n) const noexcept {
        struct stat now {};
        return ::fstat(n, &now) == 0 && now.st_dev == device && now.st_ino == inode;
    }
    void remember_stderr() noexcept {
        struct stat now {};
        if (::fstat(STDERR_FILENO, &now) != 0) return;
        device = now.st_dev;
        inode = now.st_ino;
        number = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
        if (number < 0) number = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (number < 0) number = STDERR_FILENO;
    }
    // -1 where it is gone.
    int find() const noexcept {
        if (number < 0) return -1;
        if (is_same(number)) return number;
        return is_same(STDERR_FILENO) ? STDERR_FILENO : -1;
    }
};
constinit remembered_file table_to; // or for the report of leaks
constinit bool has_table = false;
constinit bool has_leaks = false;

bool read_number(const char* text, std::size_t& to) noexcept {
    if (*text == '\0') return false;
    std::size_t n = 0;
    for (; *text >= '0' && *text <= '9'; ++text)
        if (__builtin_mul_overflow(n, 10U, &n) ||
            __builtin_add_overflow(n, static_cast<std::size_t>(*text - '0'), &n))
            return false;
    to = n;
    return *text == '\0';
}

bool read_switch(const char* text, std::size_t& to) noexcept { return read_number(text, to) && to <= 1; }

bool read_number_of_32_bits(const char* text, std::size_t& to) noexcept {
    return read_number(text, to) && to <= std::numeric_limits<std::uint32_t>::max();
}

bool read_bytes(const char* text, std::size_t& to) noexcept {
    char digits[24];
    std::size_t length = 0;
    while (text[length] >= '0' && text[length] <= '9') {
        if (length == sizeof digits - 1) return false;
        digits[length] = text[length];
        ++length;
    }
    digits[length] = '\0';
    std::size_t factor = 1;
    if (text[length] == 'K') factor = 1_KiB;
    if (text[length] == 'M') factor = 1_MiB;
    if (text[length] == 'G') factor = 1_GiB;
    if (text[length] != '\0' && (factor == 1 || text[length + 1] != '\0')) return false;
    std::size_t n = 0;
    if (!read_number(digits, n) || n == 0) return false;
    return !__builtin_mul_overflow(n, factor, &to);
}

template <class Read, class Use>
void read_variable(const char* name, const char* expected, Read read, Use use) noexcept {
    const char* const text = ::secure_getenv(name);
    if (text == nullptr) return;
    std::size_t value = 0;
    if (read(text, value))
        use(value);
    else
        say("%s=%.80s is not %s: the default is used", name, text, expected);
}

// Whether the environment has anything for us; the C library, which hands it to constructors, is not touched.
bool is_asked(char** environment) noexcept {
    constexpr char prefix[] = "CENOTE_";
    for (char** variable = environment; *variable != nullptr; ++variable) {
        std::size_t same = 0;
        while (same != sizeof prefix - 1 && (*variable)[same] == prefix[same])
            ++same;
        if (same == sizeof prefix - 1) return true;
    }
    return false;
}

constexpr std::size_t usual_leak_rate = 512_KiB;

[[maybe_unused]] void read_samples() noexcept { // the hardened library has none
    read_variable(
        "CENOTE_LEAKS", "0, 1, or a number of bytes, or with K, M or G",
        [](const char* t, std::size_t& n) { return (read_number(t, n) && n == 0) || read_bytes(t, n); },
        [](std::size_t n) {
            has_leaks = n != 0;
            process_heap.set_leak_rate(n == 1 ? usual_leak_rate : n);
        });
    std::size_t places = 0;
    read_variable(
        "CENOTE_GUARD_PLACES", "a number from 1 to 1048576",
        [](const char* t, std::size_t& n) {
            return read_number(t, n) && n >= 1 && n <= guarded_store::most_places;
        },
        [&](std::size_t n) { places = n; });
    std::size_t rate = usual_sampling.guard_rate;
    std::uint32_t gap = usual_sampling.guard_gap;
    read_variable("CENOTE_GUARD_RATE", "a number of allocations, or 0", read_number_of_32_bits,
                  [&](std::size_t n) {
                      rate = n;
                      gap = 0;
                  });
    if (gap != 0 && places == 0) return; // nothing was said
    if (places == 0) places = guarded_store::usual_places;
    process_heap.set_guard_rate(static_cast<std::uint32_t>(rate), static_cast<std::uint32_t>(places), gap);
}

[[gnu::constructor(101)]] void read_environment(int, char**, char** environment) noexcept {
    if (!is_asked(environment)) return;
    const errno_kept kept;
    heaps.settle(); // so that a program hears of a bad profile, whether it allocates or not
    say_if_profile_was_missed();
    if constexpr (cenote::is_counting) counting::begin();
    read_variable("CENOTE_STATS", "0 or 1", read_switch, [](std::size_t n) { has_table = n == 1; });
    read_variable("CENOTE_LIMIT", "a number of bytes above 0, or with K, M or G", read_bytes,
                  [](std::size_t n) { process_heap.set_limit(n); });
    read_variable("CENOTE_DECAY_MS", "a number of milliseconds", read_number_of_32_bits,
                  [](std::size_t n) { process_heap.set_decay(static_cast<std::uint32_t>(n)); });
    if constexpr (cenote::is_hardened)
        read_variable("CENOTE_HARDENED",
                      "all, none, or a list of canary, zero, junk, fill, delay, shuffle, guard",
                      hardened::read_features, hardened::use_features);
    else
        read_samples();
    read_variable("CENOTE_PUBLISH", "0 or 1", read_switch, [](std::size_t n) {
        if (n == 1) cenote::publish();
    });
    if (has_table || has_leaks) table_to.remember_stderr();
}

// What waits in magazines is tested at the latest now. Not where the handler of a signal ended the program while this thread was
// at work here, and may hold a lock.
[[gnu::destructor(101)]] void before_exit() noexcept {
    const errno_kept kept;
    const int to = table_to.find();
    if (this_thread_heaps.work != 0) {
        if (to >= 0)
            print_line(to,
                       "cenote: no report: the handler of a signal ended the program amid an allocation\n");
        return;
    }
    check_waiting_blocks();
    if constexpr (cenote::is_counting) counting::finish();
    if (to >= 0 && has_table) print_table(to);
    if (to >= 0 && has_leaks) process_heap.report_leaks(to);
}

} // namespace
