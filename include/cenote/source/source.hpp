// Layer: source. What a source of memory is: where pools and arenas get their segments from, and give them back to.
//
// A source has two functions, both of which never throw:
//
//     void* allocate(std::size_t bytes, std::size_t alignment) noexcept
//         at least `bytes` (> 0) bytes at a multiple of `alignment` (a power of two), or nullptr
//     void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept
//         with exactly the values of the call that returned `p`
//
// and may have three more, which make pools better but are never needed:
//
//     std::size_t decommit(void* p, std::size_t bytes) noexcept
//         part of an allocation is not needed for now: drop its contents, keep it usable. Returns the bytes that
//         went back, 0 when nothing happened
//     std::size_t largest(std::size_t alignment) const noexcept
//         the source is bounded; this is the largest piece it can still give at that alignment. Pools and arenas
//         then take pieces of that size, as far as one can use them, rather than in steps of their growth
//     bool call_back(bool was_refused) noexcept
//         called at the end of a request that came to the source, with no lock of the pool's held, by any thread that uses
//         the pool: calls what the user wants called at limits; see base/budget.hpp. Returns whether a request that was refused
//         is worth another try
//
// Pools hold their source by value; `source_ref` lets several share one.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/base/budget.hpp"
#include "cenote/base/config.hpp"
#if CENOTE_CHECKS == CENOTE_CHECKS_FULL // others need not compile it
#include "cenote/source/source_watch.hpp"
#endif

#include <concepts>
#include <cstddef>

namespace cenote {

template <class S>
concept memory_source = requires(S& s, void* p, std::size_t n) {
    { s.allocate(n, n) }
    noexcept->std::same_as<void*>;
    { s.deallocate(p, n, n) }
    noexcept;
};

template <class S>
concept decommitting_source = memory_source<S> && requires(S& s, void* p, std::size_t n) {
    { s.decommit(p, n) }
    noexcept->std::same_as<std::size_t>;
};

template <class S>
concept bounded_source = memory_source<S> && requires(const S& s, std::size_t n) {
    { s.largest(n) }
    noexcept->std::same_as<std::size_t>;
};

// Whether the memory is the caller's own, so that where blocks lie is the caller's affair: the source says so by a constant
// member `is_callers_memory`. Of such sources pools hand out the blocks themselves, also under AddressSanitizer.
template <class S>
inline constexpr bool is_callers_memory = false;
template <class S>
requires requires { S::is_callers_memory; }
inline constexpr bool is_callers_memory<S> = S::is_callers_memory;

inline namespace CENOTE_LEVEL {

// A reference to a source that lives elsewhere and outlives every pool that uses it: with full checks a source_decorator or
// a buffer_source that does not is reported when it dies. Copyable. Thread safety is that of the source.
template <memory_source Source>
class source_ref {
public:
    static constexpr bool is_callers_memory = cenote::is_callers_memory<Source>; // as the source

    source_ref(Source& to) noexcept : to_(&to) {}

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        void* const p = to_->allocate(bytes, alignment);
#if CENOTE_CHECKS == CENOTE_CHECKS_FULL
        if (p != nullptr) detail::watched_sources.took(to_);
#endif
        return p;
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        to_->deallocate(p, bytes, alignment);
#if CENOTE_CHECKS == CENOTE_CHECKS_FULL
        detail::watched_sources.gave(to_);
#endif
    }
    std::size_t decommit(void* p, std::size_t bytes) noexcept requires decommitting_source<Source> {
        return to_->decommit(p, bytes);
    }
    std::size_t largest(std::size_t alignment) const noexcept requires bounded_source<Source> {
        return to_->largest(alignment);
    }

    bool call_back(bool was_refused) noexcept { return detail::call_back(*to_, was_refused); }

    Source& get() const noexcept { return *to_; } // what it refers to

private:
    Source* to_;
};

} // namespace CENOTE_LEVEL

} // namespace cenote
