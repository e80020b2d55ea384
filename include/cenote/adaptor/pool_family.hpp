// Layer: adaptor. A pool for every size of block that is asked for: what allocators and memory resources over pools are
// made of.
//
//     cenote::pool_family family;
//     std::list<int, cenote::pool_allocator<int>> numbers{family};
//     std::map<int, order, std::less<>, cenote::pool_allocator<std::pair<const int, order>>> orders{family};
//
// To 8 KiB a block comes from the pool of its size class (those of the heap: heap/size_class.hpp, which needs no linking):
//
//     pools_[class] ── engine: magazine ── slabs ── source
//
// so what a list, a map or a table of chains asks for one at a time has a pool of just its size. Larger blocks, which
// are vectors and tables, come from a source of their own and are only kept in a list.
#pragma once

#include "cenote/adaptor/common_source.hpp"
#include "cenote/adaptor/family_parts.hpp"
#include "cenote/adaptor/system_source.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/base/units.hpp"
#include "cenote/heap/size_class.hpp"
#include "cenote/pool/arena.hpp"
#include "cenote/pool/leftover_report.hpp"
#include "cenote/pool/options.hpp"
#include "cenote/slab/growth.hpp"
#include "cenote/source/upstream_source.hpp"

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <utility>

namespace cenote {

// A family at one moment; bytes, but for `pools`.
struct family_stats {
    std::size_t live = 0;  // in blocks handed out, with what their sizes are rounded up by
    std::size_t large = 0; // of that, in blocks that no pool has
    std::size_t bytes = 0; // taken for pools and for large blocks
    std::size_t pools = 0; // that were ever asked
};

// `pool_family` is for one thread. `shared_pool_family` is for any number: a block may be freed by any thread, each thread
// has a magazine for each pool that it uses (8 KiB of slots), and only release(), valid() and death need a quiet family.
// Neither moves nor copies: allocators refer to it. It outlives all that they serve; what is still out when it dies goes
// with it, without a word but to who asked for one (pool/leftover_report.hpp).
//
// Segments come from `Source`, by default the OS, and large blocks from `Large`, by default std::pmr's default resource:
// operator new. A source need not be thread-safe. Where it is a buffer, small steps of growth let more pools have some of it.
// `policy` is that of each pool.
template <class Threads, memory_source Source = system_source, memory_source Large = upstream_source>
class basic_pool_family {
    using pool_source = detail::common_source<Source, decltype(Threads::guard::lock)>;
    using pool = typename Threads::template engine<pool_source>;

public:
    static constexpr std::size_t largest_block = 8_KiB; // bytes

    // Takes no memory.
    basic_pool_family() requires std::default_initializable<Source> && std::default_initializable<Large>
        : basic_pool_family(growth{}) {}
    explicit basic_pool_family(growth policy, Source source = {}, Large large = {})
        : policy_(policy), source_(std::move(source)), large_(std::move(large)) {}
    // Everything comes from this resource, which outlives the family.
    explicit basic_pool_family(std::pmr::memory_resource* upstream, growth policy = {}) requires
        std::constructible_from<Source, std::pmr::memory_resource*> &&
        std::constructible_from<Large, std::pmr::memory_resource*>
        : basic_pool_family(policy, Source(upstream), Large(upstream)) {}
    basic_pool_family(const basic_pool_family&) = delete;
    basic_pool_family& operator=(const basic_pool_family&) = delete;
    ~basic_pool_family() {
        if (const leftover_reporter to = detail::who_hears_of_leftovers()) [[unlikely]]
            tell_leftovers(to);
        for (std::atomic<pool*>& p : pools_)
            if (pool* const made = p.load(std::memory_order_relaxed)) std::destroy_at(made);
    }

    // At least `bytes` bytes at a multiple of `alignment`, a power of two. No bytes give a block of its own, too. Throws
    // std::bad_alloc when the source or the policy refuses; the family is then as it was. O(1), but for growth.
    [[nodiscard]] CENOTE_ALWAYS_INLINE void* allocate(std::size_t bytes, std::size_t alignment) {
        void* const p = try_allocate(bytes, alignment);
        if (p == nullptr) [[unlikely]]
            throw_exhausted(bytes, alignment);
        return p;
    }
    // As allocate, but returns nullptr on failure.
    [[nodiscard]] CENOTE_ALWAYS_INLINE void* try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
        const detail::size_class c = class_of(bytes, alignment);
        if (c == detail::no_class) [[unlikely]]
            return allocate_large(bytes, alignment);
        return try_allocate_class(c);
    }

    // Takes a block back, with what it was allocated with; nullptr is ignored. O(1). Anything else is a broken contract, and
    // reported as the pools report theirs: at once with full checks, else when the block leaves the magazine; of large
    // blocks at once, as far as what lies behind them tells.
    CENOTE_ALWAYS_INLINE void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        if (p == nullptr) return;
        const detail::size_class c = class_of(bytes, alignment);
        if (c == detail::no_class) [[unlikely]]
            return deallocate_large(p, bytes, alignment);
        deallocate_class(c, p);
    }

    // The class that serves such a request; no_class where it is a large block. For who knows both at compile time.
    static constexpr detail::size_class class_of(std::size_t bytes, std::size_t alignment) noexcept {
        const detail::size_class c = detail::class_for(bytes, alignment);
        return c <= last_class ? c : detail::no_class;
    }
    [[nodiscard]] CENOTE_ALWAYS_INLINE void* try_allocate_class(detail::size_class c) noexcept {
        // Acquire: pairs with the release in make_pool().
        pool* const p = pools_[c].load(std::memory_order_acquire);
        if (p == nullptr) [[unlikely]]
            return allocate_first(c);
        return p->allocate();
    }
    // A block that try_allocate_class(c) gave.
    CENOTE_ALWAYS_INLINE void deallocate_class(detail::size_class c, void* p) noexcept {
        // Acquire: as above.
        pool* const of = pools_[c].load(std::memory_order_acquire);
        if (of == nullptr) [[unlikely]]
            no_such_block(p, detail::class_size(c));
        of->take_back(p);
    }

    // Takes all memory back at once and gives it to the source, whatever is still out. O(capacity / 64 + large blocks).
    void release() noexcept {
        for_each_pool([](pool& p) { p.reset(reset_mode::free_all()); });
        const auto hold = held();
        large_.release();
    }

    // Gives back what is empty, as the pools' trim() does. Returns bytes. O(capacity / 64).
    std::size_t trim() noexcept {
        std::size_t given = 0;
        for_each_pool([&given](pool& p) { given += p.trim(); });
        return given;
    }

    // As exact as the pools' stats are. O(segments), with many threads also O(threads).
    family_stats stats() const noexcept {
        family_stats sum;
        for_each_pool([&sum](const pool& p) {
            const pool_stats s = p.stats();
            sum.live += s.live * p.usable_bytes();
            sum.bytes += s.bytes;
            ++sum.pools;
        });
        const auto hold = held();
        sum.large = large_.live();
        sum.live += sum.large;
        sum.bytes += sum.large + engines_.stats().bytes;
        return sum;
    }
    // Of the pool that serves such requests; all 0 where none does, or did yet.
    pool_stats stats_of(std::size_t bytes, std::size_t alignment) const noexcept {
        const detail::size_class c = class_of(bytes, alignment);
        // Acquire: as above.
        const pool* const p = pools_[c].load(std::memory_order_acquire);
        return c == detail::no_class || p == nullptr ? pool_stats{} : p->stats();
    }

    // What allocate throws where such a request is refused; see out_of_memory. O(named pools).
    [[noreturn]] CENOTE_COLD void throw_exhausted(std::size_t bytes, std::size_t alignment) const {
        // Acquire: as above.
        const detail::size_class c = class_of(bytes, alignment);
        if (c != detail::no_class)
            if (const pool* const p = pools_[c].load(std::memory_order_acquire)) p->throw_exhausted();
        detail::throw_exhausted(
            {Threads::name, this, bytes, policy_.name}, {.limit = growth::no_limit, .block_size = bytes},
            c == detail::no_class ? detail::budget_of(large_.source()) : detail::budget_of(source_));
    }

    Source& source() noexcept { return source_; }
    Large& large_source() noexcept { return large_.source(); }

    // Whether the structures of all pools are sound; for tests and audits. O(capacity / 64).
    bool valid() const noexcept {
        bool all = true;
        for_each_pool([&all](const pool& p) { all = all && p.valid(); });
        return all;
    }

private:
    static constexpr detail::size_class last_class = detail::class_for(largest_block);
    static_assert(detail::class_size(last_class) == largest_block);

    using engine_source = detail::common_source<Source, detail::no_lock, false>;

    auto held() const noexcept { return detail::locked_scope{guard_.lock}; }

    template <class Visitor>
    void for_each_pool(Visitor visit) const noexcept {
        for (const std::atomic<pool*>& p : pools_)
            // Acquire: as above.
            if (pool* const made = p.load(std::memory_order_acquire)) visit(*made);
    }

    CENOTE_COLD void* allocate_first(detail::size_class c) noexcept {
        pool* const p = detail::try_twice(source_, [this, c]() noexcept { return make_pool(c); });
        return p == nullptr ? nullptr : p->allocate();
    }

    // By size class, then of all larger blocks.
    CENOTE_COLD void tell_leftovers(leftover_reporter to) const noexcept {
        for_each_pool([to](const pool& p) { detail::tell_leftovers(p, to); });
        const std::size_t blocks = large_.count();
        if (blocks != 0) to({Threads::name, policy_.name, this, 0, blocks, large_.live()});
    }

    // Pools for many threads join a registry, which must not happen under a lock that forks take; so each thread that finds
    // none makes one, and the first one stays. The memory of the others waits for the family's death.
    pool* make_pool(detail::size_class c) noexcept {
        void* memory;
        {
            const auto hold = held();
            memory = engines_.try_allocate(sizeof(pool), alignof(pool));
        }
        if (memory == nullptr) return nullptr;
        const detail::runtime_geometry geometry{detail::class_size(c), detail::class_alignment(c),
                                                canary_bytes};
        auto* const made = ::new (memory) pool{geometry, policy_, pool_source{source_, guard_.lock}};
        pool* first = nullptr;
        // Release: who finds the pool finds what was written to make it. Acquire: the same of another's.
        if (pools_[c].compare_exchange_strong(first, made, std::memory_order_acq_rel)) return made;
        std::destroy_at(made);
        return first;
    }

    [[gnu::noinline]] void* allocate_large(std::size_t bytes, std::size_t alignment) noexcept {
        return detail::try_twice(large_.source(),
                                 [=, this]() noexcept { return take_large(bytes, alignment); });
    }
    void* take_large(std::size_t bytes, std::size_t alignment) noexcept {
        const auto hold = held();
        return large_.allocate(bytes, alignment);
    }
    [[gnu::noinline]] void deallocate_large(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        const auto hold = held();
        if (checks_cheap && !large_.is_one(p, bytes, alignment)) [[unlikely]]
            no_such_block(p, bytes);
        large_.deallocate(p, bytes, alignment);
    }
    [[noreturn]] CENOTE_COLD void no_such_block(const void* p, std::size_t bytes) const noexcept {
        detail::broken_contract({Threads::name, this, bytes}, "deallocate of what is no block of this size",
                                p);
    }

    std::array<std::atomic<pool*>, last_class + 1> pools_{}; // by class; the first is no class
    growth policy_;
    // The guard before all that is locked while it is held: forks take locks of the newest first.
    mutable typename Threads::guard guard_;
    CENOTE_NO_UNIQUE_ADDRESS detail::no_lock unlocked_;
    CENOTE_NO_UNIQUE_ADDRESS Source source_;
    detail::large_blocks<Large> large_;
    basic_arena<engine_source> engines_{arena_growth{}, engine_source{source_, unlocked_}};
};

// For one thread, and for any number; see basic_pool_family.
using pool_family = basic_pool_family<detail::one_thread>;
using shared_pool_family = basic_pool_family<detail::many_threads>;

// The same over sources of one's own. Two are given, also of one type; `source_ref` lets them be one.
template <memory_source Source, memory_source Large = Source>
using pool_family_on = basic_pool_family<detail::one_thread, Source, Large>;
template <memory_source Source, memory_source Large = Source>
using shared_pool_family_on = basic_pool_family<detail::many_threads, Source, Large>;

} // namespace cenote
