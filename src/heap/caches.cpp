// Threads and heaps that come and go, and forks.
#include "heap_list.hpp"
#include "process_heap.hpp"

#include "cenote/base/bits.hpp"
#include "cenote/os/clock.hpp"
#include "cenote/os/vm.hpp"

#include <algorithm>
#include <bit>
#include <new>

namespace cenote::detail {

constinit segment_map process_map{};
namespace {
constinit class_store process_classes[last_class + 1]{};
} // namespace
constinit class_layout layout{compute_class_sizes()};
constinit heap_core process_heap{process_map, process_classes, "process"};
constinit heap_list heaps;

// The replacements have another, which is taken by the linker. Hidden as that is: a plain call, without an entry in a table.
[[gnu::weak]] void read_profile(class_layout&) noexcept {}

void heap_core::begin(std::optional<any_source> source) noexcept {
    if (source) supply_.use(*source);
    heaps.add(*this);
}

void heap_core::end() noexcept {
    heaps.remove(*this);
    for (size_class c = 1; c <= last_class; ++c)
        if (classes_[c].is_open()) classes_[c].release_all(c);
    units_.release_all();
    mappings_.release_all();
    guarded_.release_all();
    leaks_.release_all();
    map_.release_all();
}

// A source of the user's may use the process heap, and is called with this heap's locks held. Were that the thread's first
// call there, it would come for the lock `heaps` then, which a fork holds while it waits for this heap's.
void heap_core::prepare_for_source() noexcept {
    if (supply_.is_foreign()) (void)process_heap.find_mine();
}

thread_cache* heap_core::make_cache() noexcept { return heaps.make_cache(*this); }

// The thread of `cache` ends: its blocks are everybody's at once. Needs the lock `heaps`.
void heap_core::retire(thread_cache& cache) noexcept {
    flush_all(cache);
    const std::uint32_t left = cache_count_.load(std::memory_order_relaxed);
    if (loose() <= cap()) return;
    if (left <= 2)
        give_back(which::all);
    else if (window_has_ended(coarse_milliseconds(), nullptr))
        give_back(which::idle);
}

void heap_core::lock_all() noexcept {
    for (class_store& c : classes_)
        c.lock.lock_for_fork();
    units_.lock.lock_for_fork();
    mappings_.lock.lock_for_fork();
    guarded_.lock.lock_for_fork();
    leaks_.lock.lock_for_fork();
    supply_.source_lock.lock_for_fork();
}

void heap_core::unlock_all() noexcept {
    supply_.source_lock.unlock_after_fork();
    leaks_.lock.unlock_after_fork();
    guarded_.lock.unlock_after_fork();
    mappings_.lock.unlock_after_fork();
    units_.lock.unlock_after_fork();
    for (class_store& c : classes_)
        c.lock.unlock_after_fork();
}

// The kernel copied page by page while the other threads ran: their magazines' tops and slots may be of different
// moments. What they held is lost to the child.
void heap_core::after_fork_in_child() noexcept {
    thread_cache* kept = nullptr;
    for (thread_cache* c = caches_; c != nullptr; c = c->next_of_heap)
        if (c->thread == &this_thread_heaps) kept = c;
    caches_ = kept;
    if (kept != nullptr) kept->next_of_heap = kept->previous_of_heap = nullptr;
    cache_count_.store(kept != nullptr ? 1 : 0, std::memory_order_relaxed);
    // Another thread may have been between a class's figures and these.
    std::size_t loose = 0;
    std::size_t stuck = 0;
    std::size_t taken = units_.large_bytes() + mappings_.live_bytes();
    for (size_class c = 1; c <= last_class; ++c) {
        if (!classes_[c].is_open()) continue;
        loose += classes_[c].loose;
        stuck += classes_[c].stuck;
        taken += classes_[c].slabs().taken() * layout.size(c);
    }
    loose_.store(loose, std::memory_order_relaxed);
    stuck_.store(stuck, std::memory_order_relaxed);
    taken_.store(taken, std::memory_order_relaxed);
}

void heap_list::add(heap_core& heap) noexcept {
    const locked_scope hold{lock};
    join(heap);
}

// Needs the lock. Nothing happens to a heap that has joined.
void heap_list::join(heap_core& heap) noexcept {
    prepare();
    if (&heap == newest_ || heap.newer_ != nullptr) return;
    // Here, and not in prepare(): a process that allocates nothing does not write to the table.
    if (!is_told_of_) pool_records.add(teller_);
    is_told_of_ = true;
    const bool is_process = &heap == &process_heap;
    heap.id_ = pool_records.next_id();
    if (!is_process) {
        const auto number = static_cast<std::uint32_t>(std::countr_one(numbers_));
        heap.slot_ = std::min<std::uint32_t>(number, thread_heaps::direct);
        if (number < thread_heaps::direct) numbers_ |= 1U << number;
    }
    // The process heap counts as the oldest: another heap's source may use it.
    heap.older_ = is_process ? nullptr : newest_;
    heap.newer_ = is_process ? oldest_ : nullptr;
    (heap.newer_ != nullptr ? heap.newer_->older_ : newest_) = &heap;
    (heap.older_ != nullptr ? heap.older_->newer_ : oldest_) = &heap;
}

void heap_list::remove(heap_core& heap) noexcept {
    const locked_scope hold{lock};
    for (thread_cache* c = heap.caches_; c != nullptr;) {
        thread_cache* const next = c->next_of_heap;
        c->thread->set(heap.slot_, thread_heaps::closed());
        // Its thread may be looking through its caches at this moment, and takes this one out of them later.
        c->heap.store(nullptr, std::memory_order_relaxed);
        c = next;
    }
    heap.caches_ = nullptr;
    if (heap.slot_ < thread_heaps::direct) numbers_ &= ~(1U << heap.slot_);
    (heap.newer_ != nullptr ? heap.newer_->older_ : newest_) = heap.older_;
    (heap.older_ != nullptr ? heap.older_->newer_ : oldest_) = heap.newer_;
}

// The layout stays as it is from now on. Who looked up a class before had no cache yet, and looks it up again.
void heap_list::settle() noexcept {
    // Acquire: pairs with the release below; the layout is seen.
    if (is_settled_.load(std::memory_order_acquire)) return;
    const locked_scope hold{lock};
    if (is_settled_.load(std::memory_order_relaxed)) return;
    read_profile(layout);
    // Release: pairs with the acquire above, for the layout.
    is_settled_.store(true, std::memory_order_release);
}

thread_cache* heap_list::make_cache(heap_core& heap) noexcept {
    settle();
    thread_heaps& mine = this_thread_heaps;
    // Valgrind shall see each block that changes hands.
    if (mine.ended || running_on_valgrind()) return nullptr;
    heap.prepare_for_source();
    thread_cache* cache;
    {
        const locked_scope hold{lock};
        join(heap);
        if (!has_key_) return nullptr; // what its magazines hold would be lost when the thread ends
        forget_ended(mine);
        cache = take_memory();
        if (cache == nullptr) return nullptr;
        cache->heap.store(&heap, std::memory_order_relaxed);
        cache->thread = &mine;
        cache->next_of_heap = heap.caches_;
        if (heap.caches_ != nullptr) heap.caches_->previous_of_heap = cache;
        heap.caches_ = cache;
        heap.cache_count_.fetch_add(1, std::memory_order_relaxed);
    }
    cache->next_of_thread = mine.caches;
    mine.caches = cache;
    mine.set(heap.slot_, cache);
    // It may allocate, from the heap that is ready now. A thread whose end nobody would notice has no caches: its
    // thread-locals will be gone, and other threads look into them.
    if (cache->next_of_thread == nullptr && ::pthread_setspecific(key_, &mine) != 0) [[unlikely]] {
        leave(mine);
        return nullptr;
    }
    if (heap.sample_as_usual() || heap.sampling_.is_on()) heap.adopt_settings(*cache);
    return cache;
}

void heap_list::thread_ends(void* heaps_of_thread) noexcept {
    auto& mine = *static_cast<thread_heaps*>(heaps_of_thread);
    mine.ended = true;
    leave(mine);
}

// All caches of the thread go.
void heap_list::leave(thread_heaps& mine) noexcept {
    mine.defers_reports = true;
    bad_free found;
    {
        const locked_scope hold{heaps.lock};
        heaps.retire_all(mine);
        found = heaps.found_;
        heaps.found_ = {};
    }
    mine.defers_reports = false;
    // Only now: a handler of SIGABRT may fork.
    if (found.heap != nullptr) found.heap->report(found.what, found.block, found.kind);
}

// Needs the lock.
void heap_list::retire_all(thread_heaps& of) noexcept {
    for (std::atomic<thread_cache*>& at : of.at)
        at.store(thread_heaps::closed(), std::memory_order_relaxed);
    forget_ended(of);
    while (of.caches != nullptr) {
        thread_cache* const cache = of.caches;
        of.caches = cache->next_of_thread;
        heap_core& heap = *cache->heap.load(std::memory_order_relaxed);
        heap.retire(*cache);
        (cache->previous_of_heap != nullptr ? cache->previous_of_heap->next_of_heap : heap.caches_) =
            cache->next_of_heap;
        if (cache->next_of_heap != nullptr) cache->next_of_heap->previous_of_heap = cache->previous_of_heap;
        heap.cache_count_.fetch_sub(1, std::memory_order_relaxed);
        keep_memory(cache);
    }
}

// What a flush found. The first of them, where the thread ends.
void heap_core::complain(const class_slabs::put_outcome& found, size_class c) const noexcept {
    const bad_free fault{
        this, found.result == put_result::already_free ? "double free" : "free of a pointer to no block",
        found.block, c};
    if (!this_thread_heaps.defers_reports) report(fault.what, fault.block, fault.kind);
    if (heaps.found_.heap == nullptr) heaps.found_ = fault;
}

// Caches of heaps that have ended. Needs the lock.
void heap_list::forget_ended(thread_heaps& of) noexcept {
    for (thread_cache** link = &of.caches; *link != nullptr;) {
        thread_cache* const cache = *link;
        if (cache->heap.load(std::memory_order_relaxed) != nullptr) {
            link = &cache->next_of_thread;
            continue;
        }
        *link = cache->next_of_thread;
        keep_memory(cache);
    }
}

void heap_list::prepare() noexcept {
    if (!has_key_) has_key_ = ::pthread_key_create(&key_, [](void* of) { thread_ends(of); }) == 0;
    if (is_prepared_) return;
    is_prepared_ = true;
    // Without memory for the handlers a fork is as unsafe as in any program that has none.
    ::pthread_atfork(before_fork, after_in_parent, after_in_child);
}

// Forks call handlers newest first. A shared pool may have the heap as its source, and calls it under its lock; so forks have to
// take the pools' locks before the heap's, and these handlers come before those of the first shared pool, which may be a static
// object.
void heap_list::prepare_before_pools() noexcept {
    const locked_scope hold{heaps.lock};
    heaps.prepare();
}

// Needs the lock.
thread_cache* heap_list::take_memory() noexcept {
    void* memory = spare_;
    if (memory != nullptr) {
        spare_ = spare_->next_of_thread;
        --spares_;
    } else {
        memory = vm::map_anywhere(thread_cache::bytes());
        if (memory == nullptr) return nullptr;
    }
    auto* const cache = ::new (memory) thread_cache;
    auto* const counts = ::new (cache + 1) sampling_counts;
    cache->next_slots = reinterpret_cast<std::byte**>(counts + 1);
    cache->end_slots = reinterpret_cast<std::byte**>(static_cast<std::byte*>(memory) + thread_cache::bytes());
    return cache;
}

// Needs the lock.
void heap_list::keep_memory(thread_cache* cache) noexcept {
    if (spares_ == most_spare) {
        vm::release(cache, thread_cache::bytes());
        return;
    }
    cache->next_of_thread = spare_;
    spare_ = cache;
    ++spares_;
}

void heap_list::before_fork() noexcept {
    heaps.lock.lock_for_fork();
    for (heap_core* h = heaps.newest_; h != nullptr; h = h->older_)
        h->lock_all();
    ++this_thread_heaps.forks;
}

void heap_list::unlock_all() noexcept {
    --this_thread_heaps.forks;
    for (heap_core* h = newest_; h != nullptr; h = h->older_)
        h->unlock_all();
    lock.unlock_after_fork();
}

void heap_list::after_in_parent() noexcept { heaps.unlock_all(); }

void heap_list::after_in_child() noexcept {
    for (heap_core* h = heaps.newest_; h != nullptr; h = h->older_)
        h->after_fork_in_child();
    heaps.unlock_all();
}

} // namespace cenote::detail
