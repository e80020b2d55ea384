#include "table.hpp"

#include "blocks.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <unistd.h>

namespace cenote::detail {

// NOLINTNEXTLINE(cert-dcl50-cpp): the compiler checks the format of its calls
void print_line(int to, const char* format, ...) noexcept {
    char line[200];
    std::va_list values;
    va_start(values, format);
    const int length = std::vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (length > 0) [[maybe_unused]]
        const auto written = ::write(to, line, std::min(static_cast<std::size_t>(length), sizeof line - 1));
}

void print_table(int to) noexcept {
    const cenote::heap_stats s = stats_of_blocks();
    print_line(to,
               "cenote: %s served this process: %zu KiB live, %zu KiB in magazines, %zu KiB free, "
               "%zu KiB held, %zu KiB at most\n",
               cenote::is_hardened ? "hardened malloc" : "malloc", s.live / 1024, s.in_magazines / 1024,
               (s.free + s.mapping_cache) / 1024, s.held / 1024, s.most_held / 1024);
    print_line(to, "%10s %10s %12s %10s %10s %10s\n", "block size", "live", "in magazines", "capacity",
               "refills", "flushes");
    for (size_class c = 1; c <= last_class; ++c) {
        const cenote::size_class_stats of = stats_of_blocks(c);
        if (of.capacity == 0) continue;
        print_line(to, "%10zu %10zu %12zu %10zu %10llu %10llu\n", of.block_size, of.live, of.in_magazines,
                   of.capacity, static_cast<unsigned long long>(of.refills),
                   static_cast<unsigned long long>(of.flushes));
    }
    print_line(to, "%10s %10zu KiB\n%10s %10zu KiB\n", "large", s.large_live / 1024, "mappings",
               s.mapping_live / 1024);
    if (s.guarded != 0)
        print_line(to, "%10s %10zu KiB, %llu blocks ever\n", "guarded", s.guarded_live / 1024,
                   static_cast<unsigned long long>(s.guarded));
}

} // namespace cenote::detail
