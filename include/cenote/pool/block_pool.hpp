// Layer: pool. A pool of raw blocks whose size and alignment are chosen at run time.
//
//     cenote::block_pool packets{1500, 64};
//     void* p = packets.allocate();
//     packets.deallocate(p);
#pragma once

#include "cenote/base/error.hpp"
#include "cenote/base/invalid_argument.hpp"
#include "cenote/pool/basic_pool.hpp"
#include "cenote/pool/leftover_report.hpp"
#include "cenote/pool/watched.hpp"
#include "cenote/source/vm_source.hpp"

#include <bit>
#include <cstddef>
#include <utility>

namespace cenote {

inline namespace CENOTE_LEVEL {

// Blocks of one size. Not thread-safe. Movable; a pool that was moved from may only be destroyed.
//
// When the pool dies its memory goes back to the source; blocks that are still out become invalid.
template <memory_source Source = vm_source>
class block_pool {
    struct kind {
        static constexpr const char* name = "block_pool";
    };
    using engine = detail::watched<detail::basic_pool<detail::runtime_geometry, Source, kind>, Source>;

public:
    // Blocks of at least `block_size` bytes (1 to 64 MiB) at multiples of `alignment` (a power of two up to 64 MiB).
    // Throws std::invalid_argument for anything else. Takes no memory.
    explicit block_pool(std::size_t block_size, std::size_t alignment = alignof(std::max_align_t),
                        growth policy = {}, Source source = {})
        : engine_(checked(block_size, alignment), policy, std::move(source)) {}
    block_pool(block_pool&&) noexcept = default;
    block_pool& operator=(block_pool&&) = delete;
    ~block_pool() { detail::tell_leftovers(engine_); }

    // An uninitialised block. Throws std::bad_alloc when the limit is reached or the source refuses; the pool is then
    // as it was. O(1).
    [[nodiscard]] void* allocate() {
        void* const p = engine_.allocate();
        if (p == nullptr) [[unlikely]]
            engine_.throw_exhausted();
        return p;
    }

    // As allocate, but returns nullptr on failure.
    [[nodiscard]] void* try_allocate() noexcept { return engine_.allocate(); }

    // Takes a block back; nullptr is ignored. O(1). A pointer that is not a live block of this pool is a broken
    // contract: reported at once with full checks; by default at once if it is the block freed last, else when it
    // leaves the magazine, or the pool is reset or dies. Until then it may be handed out again.
    void deallocate(void* p) noexcept {
        if (p == nullptr) return;
        engine_.check(p);
        engine_.deallocate(p);
    }

    // Afterwards `blocks` allocations cannot fail and do not call the source. Throws std::bad_alloc, with the pool as
    // it was, when the limit or the source does not allow that.
    void preheat(std::size_t blocks) {
        if (!engine_.preheat(blocks)) engine_.throw_exhausted();
    }
    [[nodiscard]] bool try_preheat(std::size_t blocks) noexcept { return engine_.preheat(blocks); }

    // Gives empty segments and, where the source can, the pages of empty slabs back. Returns bytes. O(capacity / 64).
    std::size_t trim() noexcept { return engine_.trim(); }

    // Drops every block in one go; `mode` says what happens to the memory. Always true: nothing has to be allocated
    // again. O(capacity / 64).
    bool reset(reset_mode mode) noexcept {
        engine_.reset(mode);
        return true;
    }

    // Calls visit(void*) for every live block. The visitor may allocate and deallocate: blocks freed meanwhile are
    // not visited, blocks allocated meanwhile may be. It must not call reset, trim or for_each. O(capacity / 64).
    template <class Visitor>
    void for_each(Visitor&& visit) {
        engine_.for_each([&visit](std::byte* p) { visit(static_cast<void*>(p)); });
    }

    // Whether `p` is the first byte of a block of this pool, live or free. Any pointer may be asked. O(1).
    bool contains(const void* p) const noexcept { return engine_.contains(p); }
    // Whether `p` is a block that is handed out. Any pointer may be asked. O(blocks in the magazine), at most 1,024.
    bool is_live(const void* p) const noexcept { return engine_.is_live(p); }

    // Bytes, rounded up to the alignment.
    std::size_t block_size() const noexcept { return engine_.usable_bytes(); }
    std::size_t alignment() const noexcept { return engine_.alignment(); } // bytes
    std::size_t live() const noexcept { return engine_.live(); }           // blocks. O(1)
    std::size_t capacity() const noexcept { return engine_.capacity(); }   // blocks. O(1)
    pool_stats stats() const noexcept { return engine_.stats(); }          // O(segments)

    Source& source() noexcept { return engine_.source(); }
    const Source& source() const noexcept { return engine_.source(); }

    // Whether the pool's own structures are sound; for tests and audits. O(capacity / 64).
    bool valid() const noexcept { return engine_.valid(); }

private:
    static detail::runtime_geometry checked(std::size_t block_size, std::size_t alignment) {
        if (block_size == 0 || block_size > detail::max_block_size)
            detail::throw_invalid_argument("block_pool: the block size must be from 1 byte to 64 MiB");
        if (!std::has_single_bit(alignment) || alignment > detail::max_block_size)
            detail::throw_invalid_argument("block_pool: the alignment must be a power of two up to 64 MiB");
        return {block_size, alignment, canary_bytes};
    }

    engine engine_;
};

} // namespace CENOTE_LEVEL

} // namespace cenote
