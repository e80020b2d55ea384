// Layer: override. The table of what the library did, for CENOTE_STATS and malloc_stats.
#pragma once

namespace cenote::detail {

// One line to an open file, without a buffer of the C library's.
[[gnu::format(printf, 2, 3)]] void print_line(int to, const char* format, ...) noexcept;

void print_table(int to) noexcept;

} // namespace cenote::detail
