// Layer: pool. What a user chooses about a pool, and what a pool tells about itself.
#pragma once

#include "cenote/base/config.hpp"

#include <cstddef>
#include <cstdint>

namespace cenote {

// What happens to objects that are still alive when their pool dies.
enum class leftovers : std::uint8_t {
    destroy, // their destructors run, in order of address within a segment
    abort,   // one line that names one of them, then abort
    leave,   // nothing: their memory goes, their destructors never run; trivially destructible types only
};

inline namespace CENOTE_LEVEL {

// Compile-time choices: `object_pool<T, pool_options{.alignment = 64, .at_death = leftovers::abort}>`.
struct pool_options {
    std::size_t alignment = 0; // bytes, a power of two; 0, or less than the type's own: the type's own
    leftovers at_death = leftovers::destroy; // what happens to objects that outlive their pool
};

} // namespace CENOTE_LEVEL

// What `reset` does with the memory; the three modes of Zig's ArenaAllocator and MemoryPool.
class reset_mode {
public:
    // Everything goes back to the source.
    static constexpr reset_mode free_all() noexcept { return reset_mode{0, true}; }
    // Everything is kept for reuse.
    static constexpr reset_mode retain_capacity() noexcept {
        return reset_mode{static_cast<std::size_t>(-1), false};
    }
    // At most `bytes` bytes are kept for reuse.
    static constexpr reset_mode retain_with_limit(std::size_t bytes) noexcept {
        return reset_mode{bytes, false};
    }

    constexpr bool frees_all() const noexcept { return frees_all_; } // whether it is free_all()
    constexpr std::size_t limit() const noexcept { return limit_; }  // bytes

private:
    constexpr reset_mode(std::size_t limit, bool frees_all) noexcept : limit_(limit), frees_all_(frees_all) {}
    std::size_t limit_;
    bool frees_all_;
};

// A pool at one moment. Sizes in bytes where they say so, else in blocks (for typed pools: objects).
struct pool_stats {
    std::size_t live = 0;        // handed out
    std::size_t capacity = 0;    // handed out or free in memory that the pool holds
    std::size_t limit = 0;       // the most that capacity may become
    std::size_t in_magazine = 0; // free, and next in line
    std::size_t block_size = 0;  // bytes
    std::size_t bytes = 0;       // taken from the source, all included
    std::size_t segments = 0;    // pieces taken from the source
    std::size_t slabs = 0;       // with at least one block that was ever handed out
};

} // namespace cenote
