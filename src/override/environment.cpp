// Layer: override. What the environment asks for, and the table at the end.
//
//     CENOTE_STATS=1       a table on stderr when the process exits
//     CENOTE_LIMIT=64M     the most address space that the heap holds: bytes, or with K, M, G
//     CENOTE_DECAY_MS=500  milliseconds that freed memory stays resident
//     CENOTE_HARDENED=all  what the hardened library does: names with commas between, all or none; the names are in
//                          hardened/features.hpp. The default library does not read it
//
// A value that cannot be read gets one line, and the default. Set-user-id programs listen to none of it.
#include "blocks.hpp"
#include "hardened/features.hpp"

#include "cenote/base/error.hpp"
#include "cenote/base/units.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <limits>
#include <unistd.h>

using namespace cenote::detail;
using namespace cenote::literals;

namespace {

// stderr as it was at the start: many programs close theirs before they are done.
constinit int table_to = -1;

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

void print_line(const char* format, auto... values) noexcept {
    char line[200];
    const int length = std::snprintf(line, sizeof line, format, values...);
    if (length > 0) [[maybe_unused]]
        const auto written = ::write(table_to, line, static_cast<std::size_t>(length));
}

void print_table() noexcept {
    const cenote::heap_stats s = stats_of_blocks();
    print_line("cenote: %s served this process: %zu KiB live, %zu KiB in magazines, %zu KiB free, "
               "%zu KiB held, %zu KiB at most\n",
               cenote::is_hardened ? "hardened malloc" : "malloc", s.live / 1024, s.in_magazines / 1024,
               (s.free + s.mapping_cache) / 1024, s.held / 1024, s.most_held / 1024);
    print_line("%10s %10s %12s %10s %10s %10s\n", "block size", "live", "in magazines", "capacity", "refills",
               "flushes");
    for (size_class c = 1; c <= last_class; ++c) {
        const cenote::size_class_stats of = stats_of_blocks(c);
        if (of.capacity == 0) continue;
        print_line("%10zu %10zu %12zu %10zu %10llu %10llu\n", of.block_size, of.live, of.in_magazines,
                   of.capacity, static_cast<unsigned long long>(of.refills),
                   static_cast<unsigned long long>(of.flushes));
    }
    print_line("%10s %10zu KiB\n%10s %10zu KiB\n", "large", s.large_live / 1024, "mappings",
               s.mapping_live / 1024);
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

[[gnu::constructor(101)]] void read_environment(int, char**, char** environment) noexcept {
    if (!is_asked(environment)) return;
    const errno_kept kept;
    read_variable(
        "CENOTE_STATS", "0 or 1", [](const char* t, std::size_t& n) { return read_number(t, n) && n <= 1; },
        [](std::size_t n) {
            if (n == 1) table_to = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
        });
    read_variable("CENOTE_LIMIT", "a number of bytes, or with K, M or G", read_bytes,
                  [](std::size_t n) { process_heap.set_limit(n); });
    read_variable(
        "CENOTE_DECAY_MS", "a number of milliseconds",
        [](const char* t, std::size_t& n) {
            return read_number(t, n) && n <= std::numeric_limits<std::uint32_t>::max();
        },
        [](std::size_t n) { process_heap.set_decay(static_cast<std::uint32_t>(n)); });
    if constexpr (cenote::is_hardened)
        read_variable("CENOTE_HARDENED",
                      "all, none, or a list of canary, zero, junk, fill, delay, shuffle, guard",
                      hardened::read_features, hardened::use_features);
}

// What waits in magazines is tested at the latest now.
[[gnu::destructor(101)]] void before_exit() noexcept {
    const errno_kept kept;
    check_waiting_blocks();
    if (table_to >= 0) print_table();
}

} // namespace
