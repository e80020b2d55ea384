// Layer: heap. One heap: size classes, large blocks and mappings under one segment map, and the magazines of threads in
// front of the classes. The fast paths stand here; all else is out of line, by topic:
//
//     heap_core.cpp     magazines exchange with classes; calls without a magazine
//     large.cpp         blocks above the largest class
//     reallocate.cpp    blocks that change size
//     give_back.cpp     when memory goes back to the OS
//     sampling.cpp      which allocations are drawn to be guarded, or for the report of leaks
//     leak_report.cpp   that
//     caches.cpp        threads and heaps that come and go, forks
//     checks.cpp        what is said of pointers that are freed wrongly
//     figures.cpp       counts and audits
//     reports.cpp       what named heaps tell
//
// Locks, taken only in this order:
//
//     heaps     (process-wide) the list of heaps, and of each heap's thread caches
//     classes   by number; nobody but a fork holds two
//     units, mappings, guarded blocks, leaks, then the source's, for a source of the user's
//
// Everything in the process heap is constant-initialised and never destroyed: it works before main and after static
// destruction.
#pragma once

#include "class_store.hpp"
#include "guarded_store.hpp"
#include "leak_list.hpp"
#include "mapping_store.hpp"
#include "sampling.hpp"
#include "segment_map.hpp"
#include "supply.hpp"
#include "thread_cache.hpp"
#include "unit_store.hpp"

#include "cenote/base/config.hpp"
#include "cenote/base/poison.hpp"
#include "cenote/heap/size_class.hpp"
#include "cenote/heap/stats.hpp"
#include "cenote/os/lock.hpp"
#include "cenote/pool/pool_report.hpp"
#include "cenote/pool/publication.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

namespace cenote::detail {

// The largest large block; above are mappings.
inline constexpr std::size_t max_large = shared_segment_bytes;

class heap_core {
public:
    // Over a map, and a store for each class number, which are all zeroes: in the process heap that costs no page that is
    // not used.
    constexpr heap_core(segment_map& map, class_store (&classes)[last_class + 1], const char* name) noexcept
        : map_(map), classes_(classes), name_(name), units_(map, supply_), mappings_(map, supply_),
          guarded_(map, supply_) {}
    heap_core(const heap_core&) = delete;
    heap_core& operator=(const heap_core&) = delete;
    ~heap_core() = default; // the process heap's memory stays; others call end()

    // What is called first: this thread's magazines, closed ones where it has none. The process heap's, who knows that it
    // is that one, finds with fewer instructions: see process_heap.hpp.
    CENOTE_ALWAYS_INLINE thread_cache& cache() const noexcept { return this_thread_heaps.of(slot_); }

    // Blocks at multiples of 16; nullptr, and errno, where the limit or the source refuses. No size is too large to ask
    // for.
    CENOTE_ALWAYS_INLINE void* allocate(thread_cache& cache, std::size_t size) noexcept {
        if (size > max_class_size) [[unlikely]]
            return allocate_large(size, 16, *this);
        return allocate_class(cache, layout.find(size), size, 16);
    }
    // `alignment` is a power of two.
    CENOTE_ALWAYS_INLINE void* allocate(thread_cache& cache, std::size_t size,
                                        std::size_t alignment) noexcept {
        const size_class c = layout.find(size, alignment);
        return c == no_class ? allocate_large(size, alignment, *this)
                             : allocate_class(cache, c, size, alignment);
    }
    // `size` and `alignment` are what was asked for.
    CENOTE_ALWAYS_INLINE void* allocate_class(thread_cache& cache, size_class c, std::size_t size,
                                              std::size_t alignment) noexcept {
        std::byte** const top = cache.top(c);
        std::byte* const p = top[-1];
        if (p == nullptr) [[unlikely]]
            return refill(size, cache, c, alignment, *this);
        cache.set_top(c, top - 1);
        hand_out(p, layout.size(c));
        return p;
    }
    void* allocate(std::size_t size) noexcept { return allocate(cache(), size); }
    void* allocate(std::size_t size, std::size_t alignment) noexcept {
        return allocate(cache(), size, alignment);
    }
    void* allocate_zeroed(std::size_t size, std::size_t alignment) noexcept;

    // nullptr is ignored.
    void deallocate(void* p) noexcept { give(cache(), p, map_.kind_of(p)); }
    // For a block of what kind `k` says.
    CENOTE_ALWAYS_INLINE void give(thread_cache& cache, void* p, unit_kind k) noexcept {
        std::byte** const top = cache.top(k);
        if (top >= cache.fulls[k].slot || top[-1] == p || !may_be_block(p, k)) [[unlikely]]
            return deallocate_slowly(cache, p, k);
        take_in(p, layout.size(static_cast<size_class>(k)));
        *top = static_cast<std::byte*>(p);
        cache.set_top(k, top + 1);
    }
    // With the size, and the alignment, that it was allocated with: no look-up up to 64 KiB, unless blocks are guarded.
    CENOTE_ALWAYS_INLINE void deallocate(void* p, std::size_t size) noexcept {
        if (size >= looked_up_.load(std::memory_order_relaxed) || p == nullptr) [[unlikely]]
            return deallocate(p);
        give(cache(), p, layout.find(size));
    }
    void deallocate(void* p, std::size_t size, std::size_t alignment) noexcept;

    // Bytes of the block at `p`, 0 for nullptr; reports what is no block.
    std::size_t usable_size(const void* p) const noexcept;
    // As usable_size of a block that was handed out; 0 for every other pointer, without a report. Free ones that wait in a
    // magazine count as handed out. Takes the lock of what `p` may be in.
    std::size_t taken_bytes(const void* p) const noexcept;
    // Whether the block at `p` may have been allocated with these. Needs a block.
    bool has_size(const void* p, std::size_t size, std::size_t alignment) const noexcept;
    // nullptr, and the block as it was, when refused. `p` is not nullptr, `size` not 0.
    void* reallocate(void* p, std::size_t size, std::size_t alignment) noexcept;

    std::size_t trim() noexcept;
    heap_stats stats() const noexcept;
    heap_stats totals() const noexcept;
    size_class_stats stats_of(size_class c) const noexcept;
    bool valid() const noexcept;
    // Whether `p` is the first byte of a block that was handed out and not freed. Needs a quiet heap.
    bool is_live(const void* p) const noexcept;
    // Whether a block begins at `p`, handed out or not. Any pointer may be asked. Takes a lock.
    bool is_block(const void* p) const noexcept;
    bool owns(const void* p) const noexcept { return map_.kind_of(p) != kind_foreign; }

    void set_limit(std::size_t bytes) noexcept { supply_.set_limit(bytes); }
    class budget& budget() noexcept {
        return supply_.budget();
    }
    void set_decay(std::uint32_t milliseconds) noexcept { decay_ = milliseconds; }

    // One allocation in about `rate` lies between guards, 0: none, and at most `places` of them at a time. At least `gap`
    // milliseconds are between two.
    void set_guard_rate(std::uint32_t rate, std::uint32_t places, std::uint32_t gap = 0) noexcept;

    // One allocation in about `bytes` of them is remembered with its stack, 0: none.
    void set_leak_rate(std::size_t bytes) noexcept;
    // What is live, and where from, in lines to an open file.
    void report_leaks(int to) const noexcept;

    // Tests what waits in this thread's magazines and the depots, as when they are flushed.
    void check_waiting() noexcept;

    // A heap that is not the process's begins, and ends with all that is in it.
    void begin(std::optional<any_source> source) noexcept;
    void end() noexcept;

    [[noreturn]] void report(const char* what, const void* p, unit_kind kind) const noexcept;
    [[noreturn]] void report_wrong_size(const void* p, std::size_t size,
                                        std::size_t alignment) const noexcept;

private:
    friend class heap_list;

    // heap_core.cpp
    // Of no heap, so that the size, which only they need, stays in the register in which malloc gets it.
    [[gnu::noinline]] static void* refill(std::size_t size, thread_cache& seen, size_class c,
                                          std::size_t alignment, heap_core& of) noexcept;
    void* take_through(thread_cache& cache, size_class c) noexcept;
    void* take_once(thread_cache* cache, size_class c) noexcept;
    [[gnu::noinline]] void deallocate_slowly(thread_cache& seen, void* p, unit_kind kind) noexcept;
    [[gnu::noinline]] void exchange(thread_cache& cache, size_class c) noexcept;
    CENOTE_COLD void* refuse() noexcept;
    void* take_directly(size_class c) noexcept;
    void put_directly(size_class c, void* p) noexcept;
    std::size_t take(size_class c, std::byte** out, std::size_t want, std::size_t room) noexcept;
    void put(size_class c, std::byte* const* blocks, std::size_t count) noexcept;
    void put_or_keep(size_class c, std::byte* const* blocks, std::size_t count) noexcept;
    std::size_t magazine_bytes() const noexcept;
    std::size_t exchange_of(const magazine_state& state) const noexcept;
    void flush(thread_cache& cache, size_class c, std::size_t count) noexcept;
    void flush_all(thread_cache& cache) noexcept;
    CENOTE_COLD void complain(const class_slabs::put_outcome& found, size_class c) const noexcept;

    // large.cpp
    [[gnu::noinline]] static void* allocate_large(std::size_t size, std::size_t alignment,
                                                  heap_core& of) noexcept;
    struct large_block {
        void* base;
        std::uint64_t dirty; // of units: which; of a mapping: bytes
    };
    large_block take_large(std::size_t size, std::size_t alignment) noexcept;
    large_block take_large_once(std::size_t size, std::size_t alignment, bool again = false) noexcept;
    void deallocate_large(void* p, unit_kind kind) noexcept;
    static bool is_for_units(std::size_t size, std::size_t alignment) noexcept;

    // reallocate.cpp
    void* resize_large(void* p, unit_kind kind, std::size_t usable, std::size_t size,
                       std::size_t alignment) noexcept;
    bool resize_large_in_place(void* p, unit_kind kind, std::size_t usable, std::size_t size) noexcept;

    // sampling.cpp
    void* allocate_sampling(thread_cache& cache, size_class c, std::size_t size, std::size_t alignment,
                            const void* from) noexcept;
    void* draw_guarded(thread_cache& cache, std::size_t size, std::size_t alignment,
                       const void* from) noexcept;
    bool sample_as_usual() noexcept;
    void adopt_settings(thread_cache& cache) noexcept;
    void count_in_bulk(sampling_counts& counts, std::size_t blocks) noexcept;
    void count_one_by_one(thread_cache& cache, bool one_by_one) noexcept;
    bool counts_leaks() const noexcept {
        return !is_hardened && sampling_.is_on() && sampling_.leak_rate.load(std::memory_order_relaxed) != 0;
    }
    void change_settings() noexcept;
    void note_allocated(sampling_counts& counts, const void* p, std::size_t bytes, const void* from) noexcept;
    CENOTE_COLD void note_large(const void* p, const void* from) noexcept;
    bool is_too_soon() noexcept;

    // give_back.cpp
    std::size_t loose() const noexcept;
    static std::size_t at_least_nothing(std::size_t bytes) noexcept {
        return static_cast<std::ptrdiff_t>(bytes) < 0 ? 0 : bytes;
    }
    std::size_t cap() const noexcept;
    void note_loose(thread_cache* mine) noexcept;
    void make_room(std::size_t fresh) noexcept;
    void open_window(thread_cache* mine) noexcept;
    void note_mark() noexcept;
    void watch(thread_cache& cache) noexcept;
    [[gnu::noinline]] void look(thread_cache& cache) noexcept;
    void empty(thread_cache& cache, bool all) noexcept;
    bool is_nearly_all(std::size_t loose) noexcept;
    bool window_has_ended(std::uint64_t now, thread_cache* mine) noexcept;
    enum class which : bool { all, idle };
    std::size_t give_back(which goes) noexcept;
    bool relieve() noexcept;
    void loosen(std::ptrdiff_t loose, std::ptrdiff_t taken, std::ptrdiff_t stuck = 0) noexcept;

    // figures.cpp
    std::size_t in_magazines_of(size_class c) const noexcept;

    // reports.cpp
    bool report_of(size_class c, bool may_wait, heap_report& r) const noexcept;

    // caches.cpp
    // `seen` is what the fast path found.
    thread_cache* mine(thread_cache& seen) noexcept {
        return seen.heap.load(std::memory_order_relaxed) != nullptr ? &seen : find_mine();
    }
    thread_cache* find_mine() noexcept {
        thread_cache* const found = this_thread_heaps.find(*this);
        return found != nullptr ? found : make_cache();
    }
    CENOTE_COLD thread_cache* make_cache() noexcept;
    void prepare_for_source() noexcept;
    void retire(thread_cache& cache) noexcept;
    void lock_all() noexcept;
    void unlock_all() noexcept;
    void after_fork_in_child() noexcept;

    segment_map& map_;
    class_store (&classes_)[last_class + 1];
    const char* const name_; // nullptr: in no report
    std::uint64_t id_ = 0;   // in reports
    std::uint32_t slot_ = 0; // of thread_heaps::at
    // Frees that say less bytes than these need no look-up. None do where blocks may be guarded. Relaxed: who frees a guarded
    // block got it from an allocation, which acquired the settings that were written after this.
    std::atomic<std::size_t> looked_up_{max_class_size + 1};
    std::atomic<std::uint32_t> decay_{500};
    supply supply_;
    unit_store units_;
    mapping_store mappings_;
    guarded_store guarded_;
    leak_list leaks_;
    sampling_settings sampling_;
    std::atomic<bool> is_told_{false};           // what to sample; relaxed: written under the lock `heaps`
    std::atomic<std::uint64_t> next_guarded_{0}; // milliseconds; relaxed: about when
    std::atomic<std::uint64_t> next_guarded_work_{0}; // milliseconds of processors' time; relaxed

    thread_cache* caches_ = nullptr; // of all threads; under the lock `heaps`
    heap_core* older_ = nullptr;
    heap_core* newer_ = nullptr;
    std::atomic<std::uint32_t> cache_count_{0};
    std::atomic<std::uint64_t> refused_{0}; // requests; relaxed, as it orders nothing

    // Bytes. Written at exchanges, read to decide about giving back: figures of some moment, relaxed throughout.
    alignas(64) std::atomic<std::size_t> taken_{0}; // by threads and by callers
    std::atomic<std::size_t> loose_{0};             // of the classes: see class_store
    std::atomic<std::size_t> stuck_{0};             // of the classes: see class_store
    std::atomic<std::size_t> fresh_{0};             // of the classes, since memory was last given back
    std::atomic<std::size_t> given_{0};             // bytes, when memory was last given back
    std::atomic<std::size_t> loose_at_mark_{0};
    std::atomic<std::uint64_t> marked_{0};         // milliseconds
    std::atomic<std::uint64_t> window_end_{0};     // milliseconds; 0: no window
    std::atomic<std::uint64_t> last_give_back_{0}; // milliseconds
};

static_assert(std::is_trivially_destructible_v<heap_core>, "the process heap outlives static destruction");

} // namespace cenote::detail
