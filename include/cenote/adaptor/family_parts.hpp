// Layer: adaptor. What a pool family is made of: the engine and the lock for one thread or for many, and the list of its
// large blocks.
#pragma once

#include "cenote/adaptor/common_source.hpp"
#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/poison.hpp"
#include "cenote/pool/basic_cached_pool.hpp"
#include "cenote/pool/basic_pool.hpp"
#include "cenote/pool/registry.hpp"
#include "cenote/pool/watched.hpp"
#include "cenote/slab/geometry.hpp"
#include "cenote/source/source.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>
#include <utility>

namespace cenote::detail {

inline namespace CENOTE_LEVEL {

struct one_thread {
    static constexpr const char* name = "pool_family";
    static constexpr bool is_static = false;
    template <class Source>
    using engine = watched<basic_pool<runtime_geometry, Source, one_thread>, Source>;
    struct guard {
        no_lock lock;
    };
};

struct many_threads {
    static constexpr const char* name = "shared_pool_family";
    static constexpr bool is_static = false;
    template <class Source>
    using engine = watched<basic_cached_pool<runtime_geometry, Source, many_threads>, Source>;
    using guard = fork_safe_lock;
};

} // namespace CENOTE_LEVEL

// Blocks straight from a source, in a list, so that all of them can be given back without their owners' help. The link
// lies behind the block, where it costs no alignment:
//
//     [ `bytes` for the caller | up to a multiple of 8 | large_block ]
struct large_block {
    std::size_t bytes; // for the caller
    std::size_t alignment;
    large_block* previous;
    large_block* next;
};

template <memory_source Source>
class large_blocks {
public:
    explicit large_blocks(Source source) : source_(std::move(source)) {}
    large_blocks(const large_blocks&) = delete;
    large_blocks& operator=(const large_blocks&) = delete;
    ~large_blocks() { release(); }

    // nullptr when the source refuses, or no address space is that large.
    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        if (bytes > most || alignment > most) return nullptr;
        auto* const p = static_cast<std::byte*>(source_.allocate(whole(bytes), aligned(alignment)));
        if (p == nullptr) return nullptr;
        auto* const b = ::new (p + offset(bytes)) large_block{bytes, alignment, nullptr, first_};
        if (first_ != nullptr) opened {
                first_
                } -> previous = b;
        first_ = b;
        live_ += bytes;
        poison(p + bytes, whole(bytes) - bytes);
        return p;
    }

    // Whether what lies behind `p` is the record of such a block. Reads it.
    bool is_one(const void* p, std::size_t bytes, std::size_t alignment) noexcept {
        if (first_ == nullptr || bytes > most || !is_aligned(p, aligned(alignment))) return false;
        const opened b{record_of(p, bytes)};
        return b->bytes == bytes && b->alignment == alignment;
    }

    // Needs is_one().
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        {
            const opened b{record_of(p, bytes)};
            if (b->next != nullptr) opened {
                    b->next
                    } -> previous = b->previous;
            if (b->previous != nullptr) opened {
                    b->previous
                    } -> next = b->next;
            else
                first_ = b->next;
        }
        live_ -= bytes;
        unpoison(p, whole(bytes));
        source_.deallocate(p, whole(bytes), aligned(alignment));
    }

    // Returns bytes. O(blocks).
    std::size_t release() noexcept {
        const std::size_t given = live_;
        while (first_ != nullptr) {
            std::size_t bytes;
            std::size_t alignment;
            {
                const opened b{first_};
                bytes = b->bytes;
                alignment = b->alignment;
            }
            deallocate(reinterpret_cast<std::byte*>(first_) - offset(bytes), bytes, alignment);
        }
        return given;
    }

    std::size_t live() const noexcept { return live_; } // bytes
    // O(blocks).
    std::size_t count() const noexcept {
        std::size_t blocks = 0;
        for (large_block* at = first_; at != nullptr; at = opened { at } -> next)
            ++blocks;
        return blocks;
    }
    Source& source() noexcept { return source_; }
    const Source& source() const noexcept { return source_; }

private:
    static constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / 4;

    // The record is nobody's to touch but ours.
    class opened {
    public:
        explicit opened(large_block* b) noexcept : b_(b) { unpoison(b_, sizeof *b_); }
        ~opened() { poison(b_, sizeof *b_); }
        opened(const opened&) = delete;
        opened& operator=(const opened&) = delete;
        large_block* operator->() const noexcept { return b_; }

    private:
        large_block* b_;
    };

    static std::size_t offset(std::size_t bytes) noexcept { return round_up(bytes, alignof(large_block)); }
    static std::size_t whole(std::size_t bytes) noexcept { return offset(bytes) + sizeof(large_block); }
    static std::size_t aligned(std::size_t alignment) noexcept {
        return std::max(alignment, alignof(large_block));
    }
    static large_block* record_of(const void* p, std::size_t bytes) noexcept {
        auto* const first = static_cast<std::byte*>(const_cast<void*>(p));
        return std::launder(reinterpret_cast<large_block*>(first + offset(bytes)));
    }

    CENOTE_NO_UNIQUE_ADDRESS Source source_;
    large_block* first_ = nullptr;
    std::size_t live_ = 0; // bytes
};

} // namespace cenote::detail
