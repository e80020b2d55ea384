// Layer: pool. The engine for many threads: a magazine per thread in front of slabs behind a short lock.
//
//     create ── this thread's magazine ──(empty: take half a magazine)──> [lock] slab_list ──> source
//     destroy ─ this thread's magazine ──(full: put half of it back)────^
//
// The common path touches nothing that another thread writes. A magazine of no capacity sends every call to the slabs,
// as in the engine for one thread: so do full checks, Valgrind, for_each, threads that have ended, and pools whose
// limit is too small to leave blocks in magazines.
//
// A magazine's memory is its thread's: from the OS, not from the pool's source.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/base/poison.hpp"
#include "cenote/os/lock.hpp"
#include "cenote/os/vm.hpp"
#include "cenote/pool/exhausted.hpp"
#include "cenote/pool/magazine.hpp"
#include "cenote/pool/options.hpp"
#include "cenote/pool/pool_label.hpp"
#include "cenote/pool/put_report.hpp"
#include "cenote/pool/registry.hpp"
#include "cenote/pool/thread_cache.hpp"
#include "cenote/pool/watched_top.hpp"
#include "cenote/slab/slab_list.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace cenote::detail {

template <class Geometry, memory_source Source, class Kind>
class basic_cached_pool : private shared_member {
public:
    // A static pool joins the registry when first used, so that it is constant-initialised.
    constexpr basic_cached_pool(const Geometry& geometry, const growth& policy, Source source)
        : magazine_capacity_(capacity_for(geometry, policy, source)), label_(policy.name),
          slabs_(geometry, policy, std::move(source)) {
        if constexpr (!Kind::is_static) join_registry();
    }
    basic_cached_pool(basic_cached_pool&&) = delete;
    basic_cached_pool& operator=(basic_cached_pool&&) = delete;
    ~basic_cached_pool() {
        before_dropping_live();
        leave_registry();
        slabs_.release_all();
    }

    // A free block by way of this thread's magazine, or nullptr when neither the slabs nor the source has one.
    CENOTE_ALWAYS_INLINE void* allocate() noexcept { return allocate(mine()); }
    // The same for who knows where the magazine's top is.
    CENOTE_ALWAYS_INLINE void* allocate(watched_top& top) noexcept {
        std::byte** const at = top.get();
        std::byte* const p = at[-1];
        if (p == nullptr) [[unlikely]]
            return refill(top);
        top.set(at - 1);
        hand_out(p, block_size());
        return p;
    }

    CENOTE_ALWAYS_INLINE void check(const void* p) const noexcept { check(mine(), p); }
    CENOTE_ALWAYS_INLINE void check(watched_top& top, const void* p) const noexcept {
        if constexpr (CENOTE_ASAN != 0)
            if (is_poisoned(p)) report(put_result::already_free, p);
        if constexpr (checks_full) check_live(p);
        if constexpr (checks_cheap) {
            const std::byte* const last = top.get()[-1];
            if (last == p || (last == nullptr && was_last_of_far(p))) [[unlikely]]
                report(put_result::already_free, p);
        }
    }

    CENOTE_ALWAYS_INLINE void deallocate(void* p) noexcept { deallocate(mine(), p); }
    CENOTE_ALWAYS_INLINE void deallocate(watched_top& top, void* p) noexcept {
        std::byte** const at = top.get();
        if (watched_top::may_be_full(at)) [[unlikely]]
            return flush_and_keep(top, p);
        take_in(p, block_size());
        top.push(at, static_cast<std::byte*>(p));
    }

    // check and deallocate with one look-up.
    CENOTE_ALWAYS_INLINE void take_back(void* p) noexcept { take_back(mine(), p); }
    CENOTE_ALWAYS_INLINE void take_back(watched_top& top, void* p) noexcept {
        if constexpr (watches_blocks || checks_full) {
            check(top, p);
            return deallocate(top, p);
        }
        std::byte** const at = top.get();
        if (checks_cheap && at[-1] == p) [[unlikely]]
            report(put_result::already_free, p);
        if (watched_top::may_be_full(at)) [[unlikely]]
            return flush_and_keep(top, p);
        top.push(at, static_cast<std::byte*>(p));
    }

    // What this thread's magazine holds counts, what the others' hold does not.
    bool preheat(std::size_t blocks) noexcept {
        return try_twice(
            source(), [this, blocks]() noexcept { return preheat_blocks(blocks); },
            [this]() noexcept { tell_refused(); });
    }

    // Bytes that went back to the source; the blocks in this thread's magazine count as empty.
    std::size_t trim() noexcept {
        const auto hold = held();
        if (thread_magazine* const m = find_mine()) flush_all(*m);
        const std::size_t given = slabs_.trim();
        tell(asked::other);
        return given;
    }

    // Needs a quiet pool.
    void reset(reset_mode mode) noexcept {
        before_dropping_live();
        const auto hold = held();
        for (thread_magazine* m = magazines_; m != nullptr; m = m->next)
            m->blocks.clear();
        if (mode.frees_all())
            slabs_.release_all();
        else
            slabs_.forget_all(mode.limit());
        tell(asked::other);
    }

    // The first byte of the block that `p` points into; nullptr where there is none.
    const std::byte* block_around(const void* p) const noexcept {
        const auto hold = held();
        return slabs_.block_around(p);
    }
    bool contains(const void* p) const noexcept {
        const auto hold = held();
        return slabs_.contains(p);
    }
    // Exact for a block that no thread destroys meanwhile. O(blocks in all magazines).
    bool is_live(const void* p) const noexcept {
        const auto hold = held();
        return slabs_.is_taken(p) && !in_magazine(p);
    }

    CENOTE_COLD void check_live(const void* p) const noexcept {
        if (is_live(p)) return;
        report(contains(p) ? put_result::already_free : put_result::foreign, p);
    }

    // Needs a quiet pool, but for the visitor. Blocks that a fork lost are passed over.
    template <class Visitor>
    void for_each(Visitor&& visit) {
        const bypass exact{*this};
        slabs_.for_each_taken([&](std::byte* p) {
            if (magazines_ == nullptr || !in_magazine(p)) visit(p);
        });
    }

    std::size_t block_size() const noexcept { return slabs_.geometry().block_size(); }
    std::size_t usable_bytes() const noexcept { return slabs_.geometry().object_bytes(); } // by the caller
    std::size_t spare_bytes() const noexcept {
        return block_size() - usable_bytes();
    } // behind those: nobody's
    std::size_t alignment() const noexcept { return slabs_.geometry().alignment(); }
    std::size_t live() const noexcept { return stats().live; }
    std::size_t capacity() const noexcept {
        const auto hold = held();
        return slabs_.capacity();
    }

    // Exact when quiet; else what the threads hold in magazines is a moment's glance.
    pool_stats stats() const noexcept {
        const auto hold = held();
        std::size_t waiting = 0;
        for (const thread_magazine* m = magazines_; m != nullptr; m = m->next)
            waiting += m->blocks.size();
        waiting = std::min(waiting, slabs_.taken());
        return {.live = slabs_.taken() - waiting,
                .capacity = slabs_.capacity(),
                .limit = slabs_.max_objects(),
                .in_magazine = waiting,
                .block_size = block_size(),
                .bytes = slabs_.bytes(),
                .segments = slabs_.segments(),
                .slabs = slabs_.slabs()};
    }

    Source& source() noexcept { return slabs_.source(); }
    const Source& source() const noexcept { return slabs_.source(); }

    // Needs a quiet pool.
    bool valid() const noexcept {
        const auto hold = held();
        std::size_t waiting = 0;
        for (const thread_magazine* m = magazines_; m != nullptr; m = m->next) {
            if (m->blocks.size() > m->blocks.capacity() || m->blocks.slots()[0] != nullptr) return false;
            waiting += m->blocks.size();
        }
        return slabs_.valid() && waiting <= slabs_.taken();
    }

    [[noreturn]] CENOTE_COLD void broken(const char* what, const void* p) const noexcept {
        broken_contract(identity(), what, p);
    }
    // A request was refused.
    [[noreturn]] CENOTE_COLD void throw_exhausted() const {
        detail::throw_exhausted(identity(), stats(), budget_of(source()));
    }
    pool_identity identity() const noexcept { return {Kind::name, this, block_size(), label_.name()}; }

    // The top of this thread's magazine.
    CENOTE_ALWAYS_INLINE watched_top& mine() const noexcept { return top_of_this_thread(distance_); }

private:
    // While it lives, no thread has a magazine of this pool, and every call goes straight to the bitmaps.
    class bypass {
    public:
        explicit bypass(basic_cached_pool& pool) noexcept : pool_(pool) {
            pool_.drop_magazines(lost::stay);
            pool_.direct_only_ = true;
        }
        ~bypass() { pool_.direct_only_ = false; }
        bypass(const bypass&) = delete;
        bypass& operator=(const bypass&) = delete;

    private:
        basic_cached_pool& pool_;
    };

    // At the end of a slow path, under the lock. A pool without a name has nothing to tell.
    void tell(asked what) noexcept {
        if (label_.is_named()) [[unlikely]]
            label_.tell(what, Kind::name, state_of(slabs_, slabs_.taken(), 0));
    }

    // Blocks exchanged with the slabs at a time: half of what the magazine holds, so that the next exchange is as far
    // off whether creates or destroys follow.
    static std::size_t exchange(const thread_magazine& m) noexcept { return m.blocks.capacity() / 2; }

    // This thread's magazine, or nullptr.
    thread_magazine* find_mine() const noexcept {
        // Acquire: pairs with the release in join_registry(), so that who finds a static pool's number also finds that
        // the pool which had it before has left the tables.
        return magazine_of_this_thread(number_.load(std::memory_order_acquire));
    }

    // Whether `p` is the block freed last, where its magazine's top is not the one that was looked at.
    CENOTE_COLD bool was_last_of_far(const void* p) const noexcept {
        const thread_magazine* const m = find_mine();
        return m != nullptr && m->blocks.last() == p;
    }

    // The lock, of a pool that forks know.
    locked_scope<short_lock> held() const noexcept {
        join_registry();
        return locked_scope<short_lock>{lock};
    }

    // How many blocks a magazine holds: 8 KiB of slots, its header included, less for larger blocks. Of a pool with
    // a limit, its own or its source's, no more than a sixty-fourth of that, so that what other threads hold back
    // leaves most of the limit to use; where that is below eight, nothing.
    static constexpr std::size_t capacity_for(const Geometry& g, const growth& policy,
                                              [[maybe_unused]] const Source& source) noexcept {
        constexpr std::size_t header = sizeof(thread_magazine) / sizeof(void*) + 1;
        std::size_t limit = policy.max_objects;
        if constexpr (bounded_source<Source>) limit = std::min(limit, source.largest(1) / g.block_size());
        const std::size_t most = std::min(magazine_blocks(g.block_size()) - header, limit / 64);
        return most < 8 ? 0 : most;
    }
    static std::size_t magazine_bytes(std::size_t capacity) noexcept {
        return round_up(sizeof(thread_magazine) + (capacity + 1) * sizeof(std::byte*), vm::page_size());
    }

    CENOTE_COLD void tell_refused() noexcept {
        const auto hold = held();
        tell(asked::refused);
    }

    bool preheat_blocks(std::size_t blocks) noexcept {
        const auto hold = held();
        const thread_magazine* const m = find_mine();
        const std::size_t waiting = m == nullptr ? 0 : m->blocks.size();
        if (blocks > waiting && !slabs_.grow(blocks - waiting)) return false;
        tell(asked::other);
        return true;
    }

    // `seen` is where the caller looked: the magazine's top, or a closed one. What a callback put back is in the magazine.
    [[gnu::noinline]] void* refill(watched_top& seen) noexcept {
        return try_twice(
            source(), [this, &seen]() noexcept { return refill_blocks(seen); },
            [this]() noexcept { tell_refused(); });
    }
    void* refill_blocks(watched_top& seen) noexcept {
        thread_magazine* const found = find_mine();
        thread_magazine* const mine = found != nullptr ? found : make_mine(seen);
        if (mine == nullptr) return allocate_directly();
        thread_magazine& m = *mine;
        if (found != nullptr && (&m.blocks.top() != &seen || m.blocks.last() != nullptr))
            return allocate(m.blocks.top());
        // A thread's first blocks are few, so that many threads with an object each do not make the pool grow.
        const std::size_t want = found != nullptr ? exchange(m) : std::min<std::size_t>(64, exchange(m));
        std::byte* p;
        {
            const auto hold = held();
            const std::size_t got = slabs_.take_or_grow(m.blocks.room(), want);
            if (got == 0) return nullptr;
            tell(asked::refill);
            m.blocks.filled(got - 1);
            p = m.blocks.room()[got - 1];
        }
        hand_out(p, block_size());
        return p;
    }

    CENOTE_COLD void* allocate_directly() noexcept {
        std::byte* p;
        {
            const auto hold = held();
            if (slabs_.take_or_grow(&p, 1) == 0) return nullptr;
            tell(asked::refill);
        }
        // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): a block that was taken was written there
        hand_out(p, block_size());
        if (running_on_valgrind()) valgrind_allocated(p, block_size());
        return p;
    }

    [[gnu::noinline]] void flush_and_keep(watched_top& seen, void* p) noexcept {
        thread_magazine* mine = find_mine();
        if (mine == nullptr) mine = make_mine(seen);
        if (mine == nullptr) return deallocate_directly(p);
        thread_magazine& m = *mine;
        if (checks_cheap && m.blocks.last() == p) [[unlikely]]
            report(put_result::already_free, p);
        if (m.blocks.full()) {
            const auto hold = held();
            flush(m, exchange(m));
        }
        take_in(p, block_size());
        m.blocks.push(p);
    }

    CENOTE_COLD void deallocate_directly(void* p) noexcept {
        auto* const block = static_cast<std::byte*>(p);
        take_in(p, block_size());
        const auto hold = held();
        put(&block, 1);
        tell(asked::flush);
        if (running_on_valgrind()) valgrind_freed(p); // before another thread may have it
    }

    // The newest blocks go, so that none of the others has to move. Needs the lock.
    void flush(thread_magazine& m, std::size_t blocks) noexcept {
        m.blocks.filled(m.blocks.size() - blocks);
        put(m.blocks.slots() + 1 + m.blocks.size(), blocks);
        tell(asked::flush);
    }
    void flush_all(thread_magazine& m) noexcept { flush(m, m.blocks.size()); }

    void put(std::byte* const* blocks, std::size_t count) noexcept {
        const auto stopped = slabs_.put(blocks, count);
        if (stopped.result != put_result::ok) [[unlikely]]
            report(stopped.result, stopped.block);
    }

    // A magazine for this thread. nullptr where there shall be none, or no memory for it: the pool works as well
    // without, more slowly.
    CENOTE_COLD thread_magazine* make_mine(watched_top& seen) noexcept {
        const std::uint32_t number = join_registry();
        const std::size_t capacity = magazine_capacity_;
        if (checks_full || capacity == 0 || direct_only_ || running_on_valgrind()) return nullptr;
        if (number == registry::no_number || !this_thread.prepare(number)) return nullptr;
        void* const memory = shared_pools.take_pages(magazine_bytes(capacity));
        if (memory == nullptr) return nullptr;
        auto* const m = ::new (memory) thread_magazine;
        const std::size_t slots = capacity + 1;
        auto** const first =
            reinterpret_cast<std::byte**>(static_cast<std::byte*>(memory) + magazine_bytes(capacity)) - slots;
        watched_top& found = top_of_this_thread(thread_table::distance_to_top(number));
        watched_top& top = number < thread_table::far ? found : &seen == &found ? m->own : seen;
        basic_magazine<watched_top*> blocks{&top, first, slots};
        m->blocks.swap(blocks);
        m->owner = &this_thread;
        m->engine = this;
        m->retire = [](thread_magazine& of, void* engine) noexcept {
            static_cast<basic_cached_pool*>(engine)->retire(of);
        };
        {
            const auto hold = held();
            m->next = magazines_;
            magazines_ = m;
        }
        this_thread.set(number, *m);
        return m;
    }

    // The thread of `m` ends: its blocks are everybody's at once.
    void retire(thread_magazine& m) noexcept {
        const locked_scope hold{lock};
        flush_all(m);
        thread_magazine** at = &magazines_;
        while (*at != &m)
            at = &(*at)->next;
        *at = m.next;
        free_magazine(m);
    }
    static void free_magazine(thread_magazine& m) noexcept {
        const std::size_t bytes = magazine_bytes(m.blocks.capacity());
        m.blocks.top() = watched_top{};
        shared_pools.give_pages(&m, bytes);
    }

    // Takes every magazine from its thread; those that a fork lost only where their blocks are dropped as well: what
    // they hold is neither live nor to be handed out. Needs a quiet pool; threads may end meanwhile.
    enum class lost : bool { stay, go };
    void drop_magazines(lost those) noexcept {
        join_registry(); // before `members`, which that takes
        const locked_scope none_ends{shared_pools.members};
        const locked_scope hold{lock};
        // Relaxed: whoever set it had `members`.
        const std::uint32_t number = number_.load(std::memory_order_relaxed);
        thread_magazine* kept = nullptr;
        while (magazines_ != nullptr) {
            thread_magazine* const m = magazines_;
            magazines_ = m->next;
            if (m->owner == nullptr && those == lost::stay) {
                m->next = kept;
                kept = m;
                continue;
            }
            if (m->owner != nullptr) {
                flush_all(*m);
                const locked_scope no_growth{shared_pools.tables};
                m->owner->clear(number);
            }
            free_magazine(*m);
        }
        magazines_ = kept;
    }

    bool in_magazine(const void* p) const noexcept {
        for (const thread_magazine* m = magazines_; m != nullptr; m = m->next)
            if (m->blocks.holds(p)) return true;
        return false;
    }

    // Looks at what waits in the magazines for the last time. Valgrind would call the live blocks leaked.
    void before_dropping_live() noexcept {
        if constexpr (checks_cheap) {
            const auto hold = held();
            for (thread_magazine* m = magazines_; m != nullptr; m = m->next)
                if (m->owner != nullptr) flush_all(*m);
        }
        if (running_on_valgrind()) slabs_.for_each_taken([](std::byte* p) { valgrind_freed(p); });
    }

    // Returns the pool's number.
    std::uint32_t join_registry() const noexcept {
        // Acquire: pairs with the release below, so that the number found is one that is in the registry.
        if (joined_.load(std::memory_order_acquire)) [[likely]]
            return number_.load(std::memory_order_relaxed);
        return const_cast<basic_cached_pool*>(this)->join_registry_now();
    }
    CENOTE_COLD std::uint32_t join_registry_now() noexcept {
        const locked_scope hold{shared_pools.members};
        if (!joined_.load(std::memory_order_relaxed)) {
            thread_table::watch_ends();
            shared_pools.add(
                *this,
                [](shared_member& m) noexcept { static_cast<basic_cached_pool&>(m).lose_other_threads(); },
                Kind::is_static ? registry::age::oldest : registry::age::newest);
            const std::uint32_t number = shared_pools.take_number(Kind::is_static ? thread_table::far : 0);
            distance_ = thread_table::distance_to_top(number);
            number_.store(number, std::memory_order_release);
            joined_.store(true, std::memory_order_release);
        }
        return number_.load(std::memory_order_relaxed);
    }
    void leave_registry() noexcept {
        drop_magazines(lost::go);
        const locked_scope hold{shared_pools.members};
        shared_pools.remove(*this);
        shared_pools.free_number(number_.load(std::memory_order_relaxed));
    }

    // In the child of a fork: the other threads are gone, in the middle of whatever they did, so what their magazines
    // say cannot be trusted to hand it out.
    void lose_other_threads() noexcept {
        for (thread_magazine* m = magazines_; m != nullptr; m = m->next)
            if (m->owner != &this_thread) {
                m->owner = nullptr;
                m->blocks.move_top(&m->own); // the memory of its thread-locals may serve another thread
            }
    }

    [[noreturn]] CENOTE_COLD void report(put_result result, const void* p) const noexcept {
        valgrind_describes(p, block_size());
        broken(put_report(result), p);
    }

    std::size_t magazine_capacity_;        // blocks
    pool_label label_;                     // under the lock
    thread_magazine* magazines_ = nullptr; // of all threads
    slab_list<Geometry, Source> slabs_;
    // What every create and destroy reads, apart from what the lock's holders write.
    alignas(cache_line) std::uint32_t distance_ = thread_table::distance_to_top(registry::no_number);
    std::atomic<std::uint32_t> number_{registry::no_number};
    std::atomic<bool> joined_{false};
    bool direct_only_ = false;
};

} // namespace cenote::detail
