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
#include <atomic>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace cenote::detail {

// How many blocks a magazine of a pool holds: enough to take the swings of most programs, and not so much that the
// blocks held back cost memory or locality: 1,024, and of larger blocks 256 KiB, but never fewer than 32.
constexpr std::size_t magazine_blocks(std::size_t block_size) noexcept {
    return std::clamp<std::size_t>(256_KiB / block_size, 32, 1024);
}

// The array of every magazine without one; only its nullptr is ever read.
inline constinit std::byte* no_blocks[1] = {nullptr};

// How a magazine keeps its top: as a plain pointer when one thread has the magazine and the pool, or as one that
// other threads may look at, to count blocks, while its owner moves it. Both are the same instructions.
class private_top {
public:
    constexpr explicit private_top(std::byte** to) noexcept : to_(to) {}
    std::byte** get() const noexcept { return to_; }
    void set(std::byte** to) noexcept { to_ = to; }

private:
    std::byte** to_;
};
class watched_top {
public:
    constexpr explicit watched_top(std::byte** to) noexcept : to_(to) {}
    watched_top(const watched_top& other) noexcept : to_(other.get()) {}
    watched_top& operator=(const watched_top& other) noexcept {
        set(other.get());
        return *this;
    }
    // Relaxed: whoever is not the owner takes nothing from here but a number of blocks.
    std::byte** get() const noexcept { return to_.load(std::memory_order_relaxed); }
    void set(std::byte** to) noexcept { to_.store(to, std::memory_order_relaxed); }

private:
    std::atomic<std::byte**> to_;
};

// The open end of a magazine: all that taking and freeing a block look at. Without a magazine it is empty and full at
// once, so that every call takes the slow path.
template <class Top>
class open_end {
public:
    constexpr open_end() noexcept = default;
    open_end(std::byte** top, std::byte** full) noexcept : top_(top), full_(full) {}

    bool is_closed() const noexcept { return full_ == no_blocks + 1; }

    // Where the top is, whether that is the end, and where it shall be: in steps, because compilers load a watched top
    // anew each time.
    CENOTE_ALWAYS_INLINE std::byte** top() const noexcept { return top_.get(); }
    CENOTE_ALWAYS_INLINE bool is_full(std::byte* const* at) const noexcept { return at == full_; }
    CENOTE_ALWAYS_INLINE void set_top(std::byte** at) noexcept { top_.set(at); }
    std::byte** full() const noexcept { return full_; }

private:
    Top top_{no_blocks + 1};
    std::byte** full_ = no_blocks + 1;
};

// A magazine is its open end and where it begins. `End` is an open_end, or a pointer to one that lies elsewhere.
template <class End>
class basic_magazine {
public:
    constexpr basic_magazine() noexcept = default;
    // Over `slots` slots (at least 2), which it does not own.
    basic_magazine(std::byte** slots, std::size_t count) noexcept
        : end_(slots + 1, slots + count), begin_(slots + 1) {
        slots[0] = nullptr;
    }
    basic_magazine(End end, std::byte** slots) noexcept : end_(end), begin_(slots + 1) { slots[0] = nullptr; }
    basic_magazine(basic_magazine&& other) noexcept { swap(other); }
    basic_magazine& operator=(basic_magazine&&) = delete;

    void swap(basic_magazine& other) noexcept {
        std::swap(end_, other.end_);
        std::swap(begin_, other.begin_);
    }

    // The block freed last, nullptr when empty.
    CENOTE_ALWAYS_INLINE std::byte* last() const noexcept { return end().top()[-1]; }
    CENOTE_ALWAYS_INLINE bool full() const noexcept { return end().is_full(end().top()); }
    CENOTE_ALWAYS_INLINE void pop() noexcept { end().set_top(end().top() - 1); }
    CENOTE_ALWAYS_INLINE void push(void* p) noexcept {
        std::byte** const at = end().top();
        *at = static_cast<std::byte*>(p);
        end().set_top(at + 1);
    }

    std::size_t size() const noexcept { return static_cast<std::size_t>(end().top() - begin_); }
    std::size_t capacity() const noexcept { return static_cast<std::size_t>(end().full() - begin_); }
    bool has_slots() const noexcept { return begin_ != no_blocks + 1; }
    std::byte** slots() const noexcept { return begin_ - 1; }
    // Where refills go. Needs an empty magazine.
    std::byte** room() noexcept { return begin_; }
    void filled(std::size_t blocks) noexcept { end().set_top(begin_ + blocks); }
    void clear() noexcept { end().set_top(begin_); }
    bool holds(const void* p) const noexcept { return std::find(begin_, end().top(), p) != end().top(); }

    CENOTE_ALWAYS_INLINE auto& end() noexcept {
        if constexpr (std::is_pointer_v<End>)
            return *end_;
        else
            return end_;
    }
    CENOTE_ALWAYS_INLINE const auto& end() const noexcept {
        if constexpr (std::is_pointer_v<End>)
            return *end_;
        else
            return end_;
    }
    // From now on the open end lies there.
    void move_end(End to) noexcept requires std::is_pointer_v<End> {
        *to = *end_;
        end_ = to;
    }

private:
    End end_{};
    std::byte** begin_ = no_blocks + 1;
};

using magazine = basic_magazine<open_end<private_top>>;

} // namespace cenote::detail
