// Layer: override. The table of what the library did, for CENOTE_STATS and malloc_stats.
#pragma once

#include <cstddef>
#include <cstdio>
#include <unistd.h>

namespace cenote::detail {

// One line to an open file, without a buffer of the C library's.
inline void print_line(int to, const char* format, auto... values) noexcept {
    char line[200];
    const int length = std::snprintf(line, sizeof line, format, values...);
    if (length > 0) [[maybe_unused]]
        const auto written = ::write(to, line, static_cast<std::size_t>(length));
}

void print_table(int to) noexcept;

} // namespace cenote::detail
