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

#include "cenote/base/algorithm.hpp"
#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/units.hpp"

#include <cstddef>
#include <type_traits>
#include <utility>

namespace cenote::detail {

// How many blocks a magazine of a pool holds: enough to take the swings of most programs, and not so much that the
// blocks held back cost memory or locality: 1,024, and of larger blocks 256 KiB, but never fewer than 32.
constexpr std::size_t magazine_blocks(std::size_t block_size) noexcept {
    return detail::clamp<std::size_t>(256_KiB / block_size, 32, 1024);
}

// The array of every magazine without one; only its nullptr is ever read.
inline constinit std::byte* no_blocks[1] = {nullptr};

// How a magazine keeps its top: as a plain pointer, where one thread has the magazine and the pool. pool/watched_top.hpp has
// the one for many.
class private_top {
public:
    constexpr explicit private_top(std::byte** to) noexcept : to_(to) {}
    std::byte** get() const noexcept { return to_; }
    void set(std::byte** to) noexcept { to_ = to; }
    // `p` goes into the slot at `at`, where the top is.
    CENOTE_ALWAYS_INLINE void push(std::byte** at, std::byte* p) noexcept {
        *at = p;
        to_ = at + 1;
    }
    bool is_above(std::byte* const* begin, const void* p) const noexcept {
        for (std::byte* const* at = begin; at != to_; ++at)
            if (*at == p) return true;
        return false;
    }

private:
    std::byte** to_;
};

// `Top` is a private_top, or a pointer to a watched_top that lies elsewhere; such a magazine needs slots before use.
template <class Top>
class basic_magazine {
public:
    constexpr basic_magazine() noexcept = default;
    // Over `count` slots (at least 2), which it does not own.
    basic_magazine(std::byte** slots, std::size_t count) noexcept requires(!std::is_pointer_v<Top>)
        : top_(slots + 1), full_(slots + count), begin_(slots + 1) {
        slots[0] = nullptr;
    }
    // The last slot is the last of a page.
    basic_magazine(Top top, std::byte** slots, std::size_t count) noexcept requires std::is_pointer_v<Top>
        : top_(top), full_(slots + count), begin_(slots + 1) {
        slots[0] = nullptr;
        clear();
    }
    basic_magazine(basic_magazine&& other) noexcept { swap(other); }
    basic_magazine& operator=(basic_magazine&&) = delete;

    void swap(basic_magazine& other) noexcept {
        std::swap(top_, other.top_);
        std::swap(full_, other.full_);
        std::swap(begin_, other.begin_);
    }

    // The block freed last, nullptr when empty.
    CENOTE_ALWAYS_INLINE std::byte* last() const noexcept { return top().get()[-1]; }
    CENOTE_ALWAYS_INLINE bool full() const noexcept { return top().get() == full_; }
    CENOTE_ALWAYS_INLINE void pop() noexcept { top().set(top().get() - 1); }
    CENOTE_ALWAYS_INLINE void push(void* p) noexcept { top().push(top().get(), static_cast<std::byte*>(p)); }

    std::size_t size() const noexcept { return static_cast<std::size_t>(top().get() - begin_); }
    std::size_t capacity() const noexcept { return static_cast<std::size_t>(full_ - begin_); }
    bool has_slots() const noexcept { return begin_ != no_blocks + 1; }
    std::byte** slots() const noexcept { return begin_ - 1; }
    // Where refills go. Needs an empty magazine.
    std::byte** room() noexcept { return begin_; }
    void filled(std::size_t blocks) noexcept { top().set(begin_ + blocks); }
    void clear() noexcept { top().set(begin_); }
    bool holds(const void* p) const noexcept { return top().is_above(begin_, p); }

    CENOTE_ALWAYS_INLINE auto& top() noexcept { return dereferenced(top_); }
    CENOTE_ALWAYS_INLINE const auto& top() const noexcept { return dereferenced(top_); }
    // From now on the top lies there.
    void move_top(Top to) noexcept requires std::is_pointer_v<Top> {
        *to = *top_;
        top_ = to;
    }

private:
    template <class T>
    CENOTE_ALWAYS_INLINE static auto& dereferenced(T& top) noexcept {
        if constexpr (std::is_pointer_v<T>)
            return *top;
        else
            return top;
    }

    static constexpr Top no_top() noexcept {
        if constexpr (std::is_pointer_v<Top>)
            return nullptr;
        else
            return Top{no_blocks + 1};
    }

    Top top_ = no_top();
    std::byte** full_ = no_blocks + 1;
    std::byte** begin_ = no_blocks + 1;
};

using magazine = basic_magazine<private_top>;

} // namespace cenote::detail
