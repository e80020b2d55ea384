// Layer: source. Memory that the caller already has: a stack array, a static buffer, a piece of shared memory.
#pragma once

#include "cenote/source/source.hpp"
#include "cenote/source/source_watch.hpp"

#include <cstddef>
#include <span>

namespace cenote {

// Cuts pieces from the caller's buffer, first to last; the piece cut last can be given back (not the padding that
// aligned it), others stay used until the buffer is. The buffer must outlive the source and every pool on it. Not thread-safe.
//
//     [ given out | given out | still free ......... ]
//     ^ buffer begins          ^ next_               ^ end_
class buffer_source {
public:
    static constexpr bool is_callers_memory = true; // see source.hpp

    buffer_source(void* buffer, std::size_t bytes) noexcept
        : next_(static_cast<std::byte*>(buffer)), end_(next_ + bytes) {}
    explicit buffer_source(std::span<std::byte> buffer) noexcept
        : buffer_source(buffer.data(), buffer.size()) {}
    buffer_source(const buffer_source&) noexcept = default;
    buffer_source& operator=(const buffer_source&) noexcept = default; // cuts the same buffer
    ~buffer_source() { detail::source_dies(this); }

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        const std::size_t skip = padding(alignment);
        const auto left = static_cast<std::size_t>(end_ - next_);
        if (skip > left || bytes > left - skip) return nullptr;
        std::byte* const p = next_ + skip;
        next_ = p + bytes;
        return p;
    }

    void deallocate(void* p, std::size_t bytes, std::size_t) noexcept {
        if (static_cast<std::byte*>(p) + bytes == next_) next_ = static_cast<std::byte*>(p);
    }

    std::size_t largest(std::size_t alignment) const noexcept {
        const std::size_t skip = padding(alignment);
        const auto left = static_cast<std::size_t>(end_ - next_);
        return skip < left ? left - skip : 0;
    }

private:
    std::size_t padding(std::size_t alignment) const noexcept {
        return detail::round_up(detail::address_of(next_), alignment) - detail::address_of(next_);
    }

    std::byte* next_;
    std::byte* end_;
};

} // namespace cenote
