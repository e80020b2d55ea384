// Layer: source. With full checks: how many pieces of memory are out from each source that pools merely refer to, so that a
// source which dies before its pools says so, and not they when they touch memory that is gone.
//
//     took(s), gave(s)   by whoever refers to a source: source_ref, upstream_source
//     dies(s)            by the source's destructor: buffer_source, the decorators, the library's memory resources
//
// A table of addresses that never moves and is never cleared: an address counts from zero again when its source dies whole.
// Without a lock, so none to take across a fork. Where more than `most` addresses were ever sources, the rest are not watched.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"

#include <cstddef>
#include <cstdint>

namespace cenote::detail {

// Constant-initialised, never destroyed; of any thread.
class source_watch {
public:
    constexpr source_watch() noexcept = default;

    static constexpr std::size_t most = 1024;

    void took(const void* source) noexcept {
        // Relaxed, here and in gave(): who ends a source has come after all who used it, by whatever the program does for that.
        if (entry* const e = find(source, true)) __atomic_fetch_add(&e->pieces, 1, __ATOMIC_RELAXED);
    }
    void gave(const void* source) noexcept {
        if (entry* const e = find(source, false)) __atomic_fetch_sub(&e->pieces, 1, __ATOMIC_RELAXED);
    }
    // Pieces that are out. O(1), as the others.
    std::size_t pieces_of(const void* source) noexcept {
        const entry* const e = find(source, false);
        return e == nullptr ? 0 : __atomic_load_n(&e->pieces, __ATOMIC_RELAXED);
    }
    // Reports pieces that are out, then aborts.
    void dies(const void* source) noexcept {
        const std::size_t pieces = pieces_of(source);
        if (pieces != 0) [[unlikely]]
            fail_with("source dies before what uses it: %zu pieces of memory are out from the source %p",
                      pieces, source);
    }

private:
    struct entry {
        const void* source = nullptr;
        std::size_t pieces = 0;
    };

    // nullptr where it is not in the table, and shall not or cannot be.
    entry* find(const void* source, bool add) noexcept {
        const auto address = reinterpret_cast<std::uintptr_t>(source);
        std::size_t at = (address * 0x9E37'79B9'7F4A'7C15) >> 54; // the upper 10 bits
        for (std::size_t tries = 0; tries != most; ++tries, at = (at + 1) % most) {
            entry& e = table_[at];
            // Relaxed: an address stands for itself, and its count is an atomic of its own.
            const void* seen = __atomic_load_n(&e.source, __ATOMIC_RELAXED);
            if (seen == nullptr && add) {
                if (__atomic_compare_exchange_n(&e.source, &seen, source, false, __ATOMIC_RELAXED,
                                                __ATOMIC_RELAXED))
                    return &e;
            }
            if (seen == source) return &e;
            if (seen == nullptr) return nullptr;
        }
        return nullptr;
    }

    entry table_[most];
};

inline constinit source_watch watched_sources;

// For destructors; nothing below full.
CENOTE_ALWAYS_INLINE void source_dies([[maybe_unused]] const void* source) noexcept {
    if constexpr (checks_full) watched_sources.dies(source);
}

} // namespace cenote::detail
