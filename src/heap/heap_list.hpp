// Layer: heap. All heaps of the process: their numbers, the ends of their threads, forks.
#pragma once

#include "heap_core.hpp"
#include "heap_lock.hpp"

#include "cenote/pool/record_table.hpp"

#include <cstdint>
#include <pthread.h>

namespace cenote::detail {

// What a flush may find.
struct bad_free {
    const heap_core* heap = nullptr; // nullptr: nothing
    const char* what = nullptr;
    const void* block = nullptr;
    unit_kind kind = kind_foreign;
};

class heap_list {
public:
    constexpr heap_list() noexcept = default;
    heap_list(const heap_list&) = delete;
    heap_list& operator=(const heap_list&) = delete;

    // The process heap joins when its first cache is made, others when they are constructed.
    void add(heap_core& heap) noexcept;
    void remove(heap_core& heap) noexcept;

    // Before anything is looked up in the layout that is not looked up again: see heap_core::refill().
    void settle() noexcept;
    // A new cache of this thread, linked everywhere; nullptr where there shall be none.
    thread_cache* make_cache(heap_core& heap) noexcept;

    // The store of guarded blocks that the address is in; nullptr where there is none. Without the lock, for a handler of
    // SIGSEGV.
    const guarded_store* guarding(const void* address) const noexcept;

    heap_lock lock; // `heaps`, see heap_core.hpp

private:
    friend class heap_core;

    static bool tell(telling what, report_visitor visit, void* context) noexcept;
    static bool tell_without_waiting(report_visitor visit, void* context) noexcept;
    static report_teller teller_;
    static void thread_ends(void* heaps) noexcept;
    static void leave(thread_heaps& mine) noexcept;
    static void before_fork() noexcept;
    static void after_in_parent() noexcept;
    static void after_in_child() noexcept;
    void unlock_all() noexcept;
    void retire_all(thread_heaps& of) noexcept;
    void forget_ended(thread_heaps& of) noexcept;
    void prepare() noexcept;
    [[gnu::constructor(101)]] static void prepare_before_pools() noexcept;
    void join(heap_core& heap) noexcept;
    thread_cache* take_memory() noexcept;
    void keep_memory(thread_cache* cache) noexcept;

    static constexpr std::size_t most_spare = 8;

    heap_core* newest_ = nullptr;
    heap_core* oldest_ = nullptr;
    std::uint32_t numbers_ = 1; // bit n: a heap has number n; 0 is the process heap's
    std::atomic<bool> is_settled_{false};
    bool is_prepared_ = false;
    bool is_told_of_ = false; // in reports of named pools
    bool has_key_ = false;
    pthread_key_t key_ = 0;
    thread_cache* spare_ = nullptr; // memory of caches whose threads have ended
    std::size_t spares_ = 0;
    bad_free found_; // by a thread that ends; needs the lock
};

extern constinit heap_list heaps;

} // namespace cenote::detail
