// Resident memory of this process, exactly.
#pragma once

#include <cstddef>

namespace bench {

// Bytes in OS pages that are present and of no file, from /proc/self/smaps_rollup: the kernel walks the page tables
// for it. Not those of files: the kernel maps 64 KiB of code around the first call of a function, as much as a thousand
// objects. The counters behind /proc/self/statm are kept per processor and lag by up to some hundred
// pages. Allocates nothing, so that a measurement does not measure itself. Throws std::system_error where
// there is no such file.
std::size_t resident_bytes();

} // namespace bench
