// Layer: base. Sizes that read as they are said: `64_KiB`.
#pragma once

#include <cstddef>

namespace cenote {

inline namespace literals {

// Bytes.
constexpr std::size_t operator""_KiB(unsigned long long n) { return static_cast<std::size_t>(n) << 10; }
constexpr std::size_t operator""_MiB(unsigned long long n) { return static_cast<std::size_t>(n) << 20; }
constexpr std::size_t operator""_GiB(unsigned long long n) { return static_cast<std::size_t>(n) << 30; }

} // namespace literals

// Blocks that lie on different cache lines never share one; 64 bytes on every machine the library runs on.
inline constexpr std::size_t cache_line = 64;

} // namespace cenote
