// Layer: pool. The top of a magazine that belongs to one thread of many.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/units.hpp"

#include <atomic>
#include <cstddef>

namespace cenote::detail {

// A top that other threads may look at, to count and find blocks, while its owner moves it; the same instructions. The
// slots end where a page of 512 does, and so does the array of a top without a magazine. Then the top alone says
// whether the magazine may be full: one load less than a comparison. In the middle of 1,024 slots it asks for nothing.
class watched_top {
public:
    constexpr watched_top() noexcept =
        default; // closed: empty and full at once, so that every call takes the slow path
    watched_top(const watched_top& other) noexcept : to_(other.get()) {}
    // NOLINTNEXTLINE(cert-oop54-cpp): to itself it stores what is there
    watched_top& operator=(const watched_top& other) noexcept {
        set(other.get());
        return *this;
    }
    // Relaxed: whoever is not the owner takes nothing from here but a number of blocks.
    CENOTE_ALWAYS_INLINE std::byte** get() const noexcept { return to_.load(std::memory_order_relaxed); }
    // Release: pairs with is_above(), so that who sees a top sees what was put below it by then.
    CENOTE_ALWAYS_INLINE void set(std::byte** to) noexcept { to_.store(to, std::memory_order_release); }
    CENOTE_ALWAYS_INLINE void push(std::byte** at, std::byte* p) noexcept {
        // Relaxed: set() publishes it.
        std::atomic_ref{*at}.store(p, std::memory_order_relaxed);
        set(at + 1);
    }
    // By any thread. A block that was popped before this call, and not pushed again, is not found.
    bool is_above(std::byte** begin, const void* p) const noexcept {
        // Acquire: pairs with set().
        std::byte** const end = to_.load(std::memory_order_acquire);
        for (std::byte** at = begin; at < end; ++at)
            if (std::atomic_ref{*at}.load(std::memory_order_relaxed) == p) return true;
        return false;
    }

    static constexpr std::size_t page = 4_KiB;
    CENOTE_ALWAYS_INLINE static bool may_be_full(std::byte* const* at) noexcept {
        return address_of(at) % page == 0;
    }
    bool is_closed() const noexcept { return get() == &no_page.end; }

private:
    // The slots of every top without a magazine; only the last nullptr is ever read.
    struct alignas(page) empty_page {
        std::byte* slots[page / sizeof(std::byte*)];
        std::byte* end;
    };
    static constinit inline empty_page no_page{};

    std::atomic<std::byte**> to_{&no_page.end};
};

} // namespace cenote::detail
