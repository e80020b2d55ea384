// Layer: override. What is said of blocks that were written to where nobody may.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"

#include <cstddef>
#include <cstring>

namespace cenote::detail::hardened {

[[noreturn]] CENOTE_COLD inline void report_write_after_free(const void* p, std::size_t bytes) noexcept {
    fail_with("write after free: into %p, which was freed, in a block of %zu bytes", p, bytes);
}
[[noreturn]] CENOTE_COLD inline void report_overflow(const void* p, std::size_t size) noexcept {
    fail_with("overflow: behind %p, a block of %zu bytes", p, size);
}
// The size that was asked for is among what was overwritten.
[[noreturn]] CENOTE_COLD inline void report_overflow_of_class(const void* p, std::size_t bytes) noexcept {
    fail_with("overflow: behind %p, in a block of %zu bytes", p, bytes);
}

// Each byte is compared with the one before.
inline bool is_filled(const std::byte* p, std::size_t bytes, unsigned char with) noexcept {
    return bytes == 0 || (*p == std::byte{with} && std::memcmp(p, p + 1, bytes - 1) == 0);
}

} // namespace cenote::detail::hardened
