// Layer: pool. A magazine: a bounded array of free blocks, last in, first out, in front of the slabs.
//
//     [ nullptr | p0 | p1 | p2 |  ...  |     ]
//               ^ begin        ^ top         ^ end
//
// The slot before `begin` always holds nullptr: "empty" and "what was freed last" are the same load. A block that is
// freed is not touched, so neither a cold block nor its neighbours cost a cache miss, and the links of a list never
// make one pop wait for another.
//
// A magazine of no capacity sends every call to the slow path, and with it straight to the bitmaps. That is how the
// exact checks, Valgrind and visits of live blocks work, at no cost to the fast path.
//
// Magazines: Bonwick and Adams, 2001, "Magazines and Vmem".
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/base/units.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace cenote::detail {

// How many blocks a magazine of a pool holds: enough to take the swings of most programs, and not so much that the
// blocks held back cost memory or locality: 1,024, and of larger blocks 256 KiB, but never fewer than 32.
constexpr std::size_t magazine_blocks(std::size_t block_size) noexcept {
    return std::clamp<std::size_t>(256_KiB / block_size, 32, 1024);
}

// The array of every magazine without one; only its nullptr is ever read.
inline constinit std::byte* no_blocks[1] = {nullptr};

class magazine {
public:
    magazine() = default;
    // Over `slots` slots (at least 2), which it does not own.
    magazine(std::byte** slots, std::size_t count) noexcept
        : top_(slots + 1), end_(slots + count), begin_(slots + 1) {
        slots[0] = nullptr;
    }
    magazine(magazine&& other) noexcept { swap(other); }
    magazine& operator=(magazine&&) = delete;

    void swap(magazine& other) noexcept {
        std::swap(top_, other.top_);
        std::swap(end_, other.end_);
        std::swap(begin_, other.begin_);
    }

    // The block freed last, nullptr when empty.
    CENOTE_ALWAYS_INLINE std::byte* last() const noexcept { return top_[-1]; }
    CENOTE_ALWAYS_INLINE bool full() const noexcept { return top_ == end_; }
    CENOTE_ALWAYS_INLINE void pop() noexcept { --top_; }
    CENOTE_ALWAYS_INLINE void push(void* p) noexcept { *top_++ = static_cast<std::byte*>(p); }

    std::size_t size() const noexcept { return static_cast<std::size_t>(top_ - begin_); }
    std::size_t capacity() const noexcept { return static_cast<std::size_t>(end_ - begin_); }
    bool has_slots() const noexcept { return begin_ != no_blocks + 1; }
    std::byte** slots() const noexcept { return begin_ - 1; }
    // Where refills go. Needs an empty magazine.
    std::byte** room() noexcept { return begin_; }
    void filled(std::size_t blocks) noexcept { top_ = begin_ + blocks; }
    void clear() noexcept { top_ = begin_; }
    bool holds(const void* p) const noexcept { return std::find(begin_, top_, p) != top_; }

private:
    std::byte** top_ = no_blocks + 1;
    std::byte** end_ = no_blocks + 1;
    std::byte** begin_ = no_blocks + 1;
};

} // namespace cenote::detail
