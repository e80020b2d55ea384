// Layer: base. A number of bytes that may be held: what limits of pools, heaps and of the process are made of.
//
//     cenote::process_budget.set_limit(512_MiB);                     // all vm_sources and heaps together
//     cenote::process_budget.set_soft_limit(400_MiB);
//     cenote::process_budget.on_limit(drop_caches, &caches);
//
// The hard limit refuses what would go beyond it, and that request alone fails. The soft limit refuses nothing. At both the
// callback is called: when what is held rises from the soft limit or below to more, once each time, and when a request was
// refused, which is then tried once more. Callbacks run with no lock of the library's held, in the thread whose request it was,
// before that returns: so they may free, destroy, trim, and allocate. They may not reset or end the pool that was asked. What is
// asked within a callback calls none: it is refused, and that is all.
//
// The atomics are the compiler's: vm_source needs this, and takes no header of the standard library's for it.
#pragma once

#include "cenote/base/config.hpp"

#include <cstddef>
#include <cstdint>

namespace cenote {

class budget;

// Which limit was reached.
enum class limit_kind : std::uint8_t {
    soft, // by a request that was served
    hard, // by a request that was refused, and will be tried again
};
// What a callback is told. Bytes; where other threads are busy, of some moment.
struct limit_event {
    limit_kind kind;   // which limit
    std::size_t held;  // now
    std::size_t limit; // the one that was reached
};
// Must not throw. Called by any thread that uses what the budget is for, also by several at once.
using limit_callback = void (*)(const limit_event& event, void* context);

namespace detail {
// The budget that refused this thread's last request; `inside` while a callback runs; nullptr else.
[[gnu::tls_model("initial-exec")]] inline constinit thread_local const void* refused_by = nullptr;
inline constexpr char inside = 0;
} // namespace detail

// Thread-safe, but for copies. Every operation is O(1), and its atomics are relaxed where nothing else is said: counts order nothing.
class budget {
public:
    // What a limit is where there is none.
    static constexpr std::size_t no_limit = static_cast<std::size_t>(-1);

    constexpr budget() noexcept = default;
    // With a hard limit.
    constexpr explicit budget(std::size_t limit) noexcept : limit_(limit) {}
    // Copies, of a budget that no other thread uses meanwhile.
    budget(const budget&) noexcept = default;
    // The same.
    budget& operator=(const budget&) noexcept = default;

    std::size_t held() const noexcept { return load(held_); }      // bytes
    std::size_t most_held() const noexcept { return load(most_); } // bytes; the most that held ever was
    std::size_t limit() const noexcept { return load(limit_); }    // bytes
    std::size_t soft_limit() const noexcept { return load(soft_limit_); } // bytes

    // What is held beyond a new limit stays. Any thread, at any time.
    void set_limit(std::size_t bytes) noexcept { __atomic_store_n(&limit_, bytes, __ATOMIC_RELAXED); }
    void set_soft_limit(std::size_t bytes) noexcept {
        __atomic_store_n(&soft_limit_, bytes, __ATOMIC_RELAXED);
    }
    // nullptr: none. Before other threads use what the budget is for.
    void on_limit(limit_callback call, void* context) noexcept {
        context_ = context;
        // Release: pairs with the acquire in call_back().
        __atomic_store_n(&call_, call, __ATOMIC_RELEASE);
    }

    // For sources. False, and nothing charged, where that would go beyond the limit.
    [[nodiscard]] bool charge(std::size_t bytes) noexcept {
        std::size_t seen = held();
        do {
            if (bytes > limit() || seen > limit() - bytes) {
                if (detail::refused_by != &detail::inside) detail::refused_by = this;
                return false;
            }
        } while (!__atomic_compare_exchange_n(&held_, &seen, seen + bytes, true, __ATOMIC_RELAXED,
                                              __ATOMIC_RELAXED));
        const std::size_t now = seen + bytes;
        std::size_t most = most_held();
        while (most < now &&
               !__atomic_compare_exchange_n(&most_, &most, now, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        }
        const std::size_t soft = soft_limit();
        if (seen <= soft && now > soft) __atomic_store_n(&is_due_, true, __ATOMIC_RELAXED);
        if (detail::refused_by == this) detail::refused_by = nullptr;
        return true;
    }
    void uncharge(std::size_t bytes) noexcept { __atomic_fetch_sub(&held_, bytes, __ATOMIC_RELAXED); }

    // For pools and heaps, at the end of a request that came to a source, with no lock held: calls what is due. Returns whether
    // the request, which `was_refused`, is worth another try.
    bool call_back(bool was_refused) noexcept {
        if (was_refused && detail::refused_by == this) [[unlikely]]
            return call_now(limit_kind::hard, limit());
        if (__atomic_load_n(&is_due_, __ATOMIC_RELAXED)) [[unlikely]]
            if (detail::refused_by != &detail::inside &&
                __atomic_exchange_n(&is_due_, false, __ATOMIC_RELAXED))
                (void)call_now(limit_kind::soft, soft_limit());
        return false;
    }

private:
    static std::size_t load(const std::size_t& from) noexcept {
        return __atomic_load_n(&from, __ATOMIC_RELAXED);
    }

    CENOTE_COLD bool call_now(limit_kind kind, std::size_t limit) noexcept {
        // Acquire: pairs with the release in on_limit().
        const limit_callback to = __atomic_load_n(&call_, __ATOMIC_ACQUIRE);
        if (to == nullptr) return false;
        detail::refused_by = &detail::inside;
        to({kind, held(), limit}, context_);
        detail::refused_by = nullptr;
        return true;
    }

    std::size_t held_ = 0;
    std::size_t most_ = 0;
    std::size_t limit_ = no_limit;
    std::size_t soft_limit_ = no_limit;
    limit_callback call_ = nullptr;
    void* context_ = nullptr;
    bool is_due_ = false;
};

// What all vm_sources and all heaps of the process hold for blocks together, but for a heap on a source of the user's. Not
// charged: what the library keeps of its own, threads' magazines and arenas' buffers. The replacement of malloc has a budget
// of its own, by CENOTE_LIMIT.
CENOTE_API inline constinit budget process_budget;

namespace detail {
// What pools call at the end of a slow path, with no lock held; of sources that have nothing to call it is nothing.
template <class Source>
CENOTE_ALWAYS_INLINE bool call_back([[maybe_unused]] Source& source,
                                    [[maybe_unused]] bool was_refused) noexcept {
    if constexpr (requires { source.call_back(was_refused); })
        return source.call_back(was_refused);
    else
        return false;
}
// `once()`, with no lock held, and once more where a callback has made that worth while.
template <class Source, class Request>
CENOTE_ALWAYS_INLINE auto try_twice(Source& source, Request once) noexcept {
    auto got = once();
    return call_back(source, !got) ? once() : got;
}
// As that, and `tell_refused()` where it came to nothing: a request counts as refused once, however often it was tried.
template <class Source, class Request, class Tell>
auto try_twice(Source& source, Request once, Tell tell_refused) noexcept {
    const auto got = try_twice(source, once);
    if (!got) [[unlikely]]
        tell_refused();
    return got;
}
} // namespace detail

} // namespace cenote
