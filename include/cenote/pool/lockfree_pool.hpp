// Layer: pool. Rung 6 of the ladder: blocks on a free list that is pushed to and popped from with compare-and-swap.
//
//     block: [ object | link ]         the link is never the user's, so that reading it is never a race
//
//     create ── tagged_stack ──(empty: 64)──> [lock] slab_list ──> source
//     destroy ─ tagged_stack
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/base/poison.hpp"
#include "cenote/base/units.hpp"
#include "cenote/freelist/tagged_stack.hpp"
#include "cenote/os/lock.hpp"
#include "cenote/pool/exhausted.hpp"
#include "cenote/pool/pool_label.hpp"
#include "cenote/pool/put_report.hpp"
#include "cenote/pool/registry.hpp"
#include "cenote/pool/typed_pool.hpp"
#include "cenote/pool/watched.hpp"
#include "cenote/slab/slab_list.hpp"
#include "cenote/source/vm_source.hpp"

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

namespace cenote {

namespace detail {

// Where an object's link lies, and what a block is therefore.
template <std::size_t Size, std::size_t Alignment>
struct linked_block {
    static constexpr std::size_t usable_bytes = Size;
    static constexpr std::size_t object_bytes =
        round_up(std::max<std::size_t>(Size + canary_bytes, 1), alignof(tagged_link));
    using geometry =
        static_geometry<object_bytes + sizeof(tagged_link), std::max(Alignment, alignof(tagged_link))>;

    static tagged_link& link_of(void* p) noexcept {
        return *std::launder(reinterpret_cast<tagged_link*>(static_cast<std::byte*>(p) + object_bytes));
    }
    static std::byte* block_of(tagged_link& link) noexcept {
        return reinterpret_cast<std::byte*>(&link) - object_bytes;
    }
};

template <class Block, memory_source Source, class Kind>
class basic_lockfree_pool {
public:
    basic_lockfree_pool(const typename Block::geometry& geometry, const growth& policy, Source source)
        : label_(policy.name), slabs_(geometry, policy, std::move(source)) {}
    ~basic_lockfree_pool() { before_dropping_live(); }

    void* allocate() noexcept {
        if constexpr (checks_full) return allocate_directly();
        tagged_link* link = free_.pop();
        if (link == nullptr) [[unlikely]] {
            if (on_valgrind_) return allocate_directly();
            if constexpr (is_stocked) return nullptr;
            link = refill();
            if (link == nullptr) return nullptr;
        }
        std::byte* const p = Block::block_of(*link);
        hand_out(p, Block::object_bytes);
        return p;
    }

    CENOTE_ALWAYS_INLINE void check(const void* p) const noexcept {
        if constexpr (CENOTE_ASAN != 0)
            if (is_poisoned(p)) report(put_result::already_free, p);
        if constexpr (checks_full) check_live(p);
        if constexpr (checks_cheap) {
            const tagged_link* const top = free_.top();
            if (top != nullptr && address_of(top) == address_of(p) + Block::object_bytes) [[unlikely]]
                report(put_result::already_free, p);
        }
    }

    void deallocate(void* p) noexcept {
        if (is_direct()) return deallocate_directly(p);
        take_in(p, Block::object_bytes);
        free_.push(Block::link_of(p));
    }

    void take_back(void* p) noexcept {
        check(p);
        deallocate(p);
    }

    bool preheat(std::size_t blocks) noexcept {
        return try_twice(
            source(), [this, blocks]() noexcept { return preheat_blocks(blocks); },
            [this]() noexcept { tell_refused(); });
    }

    // These, down to for_each, need a quiet pool. After close() it does not grow.
    void close() noexcept { slabs_.close(); }
    std::size_t trim() noexcept {
        drain();
        const std::size_t given = slabs_.trim();
        tell(asked::other);
        return given;
    }
    void reset(reset_mode mode) noexcept {
        before_dropping_live();
        if (mode.frees_all())
            slabs_.release_all();
        else
            slabs_.forget_all(mode.limit());
        tell(asked::other);
    }
    template <class Visitor>
    void for_each(Visitor&& visit) {
        drain();
        // What the visitor destroys goes to the list, which the bitmaps do not know.
        slabs_.for_each_taken([&](std::byte* p) {
            visit(p);
            drain();
        });
    }

    const std::byte* block_around(const void* p) const noexcept {
        const locked_scope hold{guard_.lock};
        return slabs_.block_around(p);
    }
    bool contains(const void* p) const noexcept {
        const locked_scope hold{guard_.lock};
        return slabs_.contains(p);
    }
    bool is_live(const void* p) const noexcept {
        const locked_scope hold{guard_.lock};
        return slabs_.is_taken(p) && !on_list(p);
    }
    std::size_t usable_bytes() const noexcept { return Block::usable_bytes; } // of a block, by the caller
    std::size_t spare_bytes() const noexcept { return Block::object_bytes - Block::usable_bytes; } // nobody's
    std::size_t alignment() const noexcept { return slabs_.geometry().alignment(); }
    std::size_t live() const noexcept { return stats().live; }
    std::size_t capacity() const noexcept {
        const locked_scope hold{guard_.lock};
        return slabs_.capacity();
    }
    pool_stats stats() const noexcept {
        const locked_scope hold{guard_.lock};
        const std::size_t waiting = free_.count(slabs_.taken());
        return {.live = slabs_.taken() - waiting,
                .capacity = slabs_.capacity(),
                .limit = slabs_.max_objects(),
                .in_magazine = waiting,
                .block_size = slabs_.geometry().block_size(),
                .bytes = slabs_.bytes(),
                .segments = slabs_.segments(),
                .slabs = slabs_.slabs()};
    }
    bool valid() const noexcept {
        const locked_scope hold{guard_.lock};
        return slabs_.valid() && free_.count(slabs_.taken() + 1) <= slabs_.taken();
    }
    Source& source() noexcept { return slabs_.source(); }
    const Source& source() const noexcept { return slabs_.source(); }

    [[noreturn]] CENOTE_COLD void broken(const char* what, const void* p) const noexcept {
        broken_contract(identity(), what, p);
    }
    pool_identity identity() const noexcept {
        return {Kind::name, this, slabs_.geometry().block_size(), label_.name()};
    }
    // Of a pool that never refills its list: all blocks go there. Needs a quiet pool.
    void stock() noexcept requires requires { Kind::is_stocked; }
    {
        if (is_direct()) return; // there is no list then
        const locked_scope hold{guard_.lock};
        std::byte* blocks[batch];
        while (const std::size_t got = slabs_.take(blocks, batch)) {
            prepare(blocks, got);
            chain(blocks, got);
        }
        tell(asked::refill);
    }

    // A request was refused.
    [[noreturn]] CENOTE_COLD void throw_exhausted() const {
        detail::throw_exhausted(identity(), stats(), budget_of(source()));
    }

private:
    // Whether its list has all free blocks from the start.
    static constexpr bool is_stocked = requires { Kind::is_stocked; };
    // At the end of a slow path, under the lock: what is on the list counts as live.
    void tell(asked what) noexcept {
        if (label_.is_named()) [[unlikely]]
            label_.tell(what, Kind::name, state_of(slabs_, slabs_.taken(), 0));
    }

    // How many blocks go from the slabs to the list at a time.
    static constexpr std::size_t batch = 64;

    // Whether every call goes straight to the slabs: for the exact checks, and for Valgrind, which shall see each block.
    bool is_direct() const noexcept { return checks_full || (CENOTE_VALGRIND != 0 && on_valgrind_); }

    CENOTE_COLD void tell_refused() noexcept {
        const locked_scope hold{guard_.lock};
        tell(asked::refused);
    }

    bool preheat_blocks(std::size_t blocks) noexcept {
        const locked_scope hold{guard_.lock};
        const std::size_t ready = free_.count(blocks);
        if (blocks > ready && !slabs_.grow(blocks - ready)) return false;
        tell(asked::other);
        return true;
    }

    // The list was empty: takes blocks from the slabs, or finds that another thread has just done so.
    [[gnu::noinline]] tagged_link* refill() noexcept {
        return try_twice(
            source(), [this]() noexcept { return refill_list(); }, [this]() noexcept { tell_refused(); });
    }
    tagged_link* refill_list() noexcept {
        const locked_scope hold{guard_.lock};
        if (tagged_link* const link = free_.pop(); link != nullptr) return link;
        std::byte* blocks[batch];
        const std::size_t got = slabs_.take_or_grow(blocks, batch);
        if (got == 0) return nullptr;
        tell(asked::refill);
        prepare(blocks, got);
        // The last is the lowest, and for the caller; the lowest of the others goes on top.
        if (got > 1) chain(blocks, got - 1);
        return &Block::link_of(blocks[got - 1]);
    }
    static void prepare(std::byte** blocks, std::size_t count) noexcept {
        for (std::size_t i = 0; i != count; ++i) {
            show_range(blocks[i], Block::object_bytes + sizeof(tagged_link));
            poison(blocks[i], Block::object_bytes);
            ::new (blocks[i] + Block::object_bytes) tagged_link;
        }
    }
    void chain(std::byte** blocks, std::size_t count) noexcept {
        for (std::size_t i = count - 1; i != 0; --i)
            Block::link_of(blocks[i]).next.store(&Block::link_of(blocks[i - 1]), std::memory_order_relaxed);
        free_.push(Block::link_of(blocks[count - 1]), Block::link_of(blocks[0]));
    }

    CENOTE_COLD void* allocate_directly() noexcept {
        return try_twice(
            source(), [this]() noexcept { return take_directly(); }, [this]() noexcept { tell_refused(); });
    }
    void* take_directly() noexcept {
        std::byte* p;
        {
            const locked_scope hold{guard_.lock};
            if (slabs_.take_or_grow(&p, 1) == 0) return nullptr;
            tell(asked::refill);
        }
        hand_out(p, Block::object_bytes);
        if (on_valgrind_) valgrind_allocated(p, Block::object_bytes);
        return p;
    }
    CENOTE_COLD void deallocate_directly(void* p) noexcept {
        auto* const block = static_cast<std::byte*>(p);
        take_in(p, Block::object_bytes);
        const locked_scope hold{guard_.lock};
        put(block);
        tell(asked::flush);
        if (on_valgrind_) valgrind_freed(p); // before another thread may have it
    }
    void put(std::byte* block) noexcept {
        const auto stopped = slabs_.put(&block, 1);
        if (stopped.result != put_result::ok) [[unlikely]]
            report(stopped.result, stopped.block);
    }
    // Everything on the list goes back to the slabs.
    void drain() noexcept {
        const locked_scope hold{guard_.lock};
        while (tagged_link* const link = free_.pop())
            put(Block::block_of(*link));
    }
    // Valgrind would call the live blocks leaked.
    void before_dropping_live() noexcept {
        drain();
        if (on_valgrind_) slabs_.for_each_taken([](std::byte* p) { valgrind_freed(p); });
    }
    bool on_list(const void* p) const noexcept {
        std::size_t left = slabs_.taken();
        for (const tagged_link* at = free_.top(); at != nullptr && left != 0; --left) {
            if (address_of(at) == address_of(p) + Block::object_bytes) return true;
            at = at->next.load(std::memory_order_relaxed);
        }
        return false;
    }

    CENOTE_COLD void check_live(const void* p) const noexcept {
        if (!is_live(p)) report(contains(p) ? put_result::already_free : put_result::foreign, p);
    }
    [[noreturn]] CENOTE_COLD void report(put_result result, const void* p) const noexcept {
        valgrind_describes(p, Block::object_bytes);
        broken(put_report(result), p);
    }

    alignas(cache_line) tagged_stack<> free_;
    const bool on_valgrind_ = running_on_valgrind();
    alignas(cache_line) fork_safe_lock guard_;
    pool_label label_; // under the lock
    slab_list<typename Block::geometry, Source> slabs_;
};

inline namespace CENOTE_LEVEL {
struct lockfree_pool_kind {
    static constexpr const char* name = "lockfree_pool";
};
} // namespace CENOTE_LEVEL
// Named through object_layout, which says first what is wrong with T.
template <class T, pool_options Options, memory_source Source>
using lockfree_engine =
    watched<basic_lockfree_pool<linked_block<sizeof(T), object_layout<T, Options>::geometry::alignment()>,
                                Source, lockfree_pool_kind>,
            Source>;

} // namespace detail

// Objects of one type, for any thread. The interface is that of detail::typed_pool, and:
//   - create and destroy are lock-free while free blocks are on the list: some thread always gets on, whoever is
//     preempted where. A create that finds the list empty takes a lock, and with it 64 blocks from the slabs, or grows;
//     others that find it empty too wait for that, those that find a block do not. A preheat of n, n creates and n destroys
//     make the list long enough: after that no create of up to n objects alive takes the lock;
//   - with full checks, create and destroy take the lock, to be exact;
//   - preheat, contains, is_live, live, capacity and stats may be called by any thread at any time, and take the lock; live,
//     is_live and stats walk the list, O(free blocks), and are exact when the pool is quiet. trim, for_each,
//     reset, valid and death need a quiet pool: no other thread calls it meanwhile;
//   - a limit is exact. A block has 8 bytes more than the object, rounded up to its alignment;
//   - in default builds a pointer that is not a live object of this pool is seen only if it was destroyed last, or when the
//     pool is trimmed, visited or reset, or dies. Until then the link behind it was written;
//   - not movable.
// Under contention every operation fights for one cache line: take `cached_pool` where throughput counts.
template <class T, pool_options Options = pool_options{}, memory_source Source = vm_source>
class lockfree_pool
    : public detail::typed_pool<T, Options, detail::lockfree_engine<T, Options, Source>, Source> {
public:
    using detail::typed_pool<T, Options, detail::lockfree_engine<T, Options, Source>, Source>::typed_pool;
};

} // namespace cenote
