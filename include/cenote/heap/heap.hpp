// Layer: heap. The heap: blocks of any size, by size class.
//
//     cenote::heap& h = cenote::heap::process();
//     void* p = h.allocate(100);
//     h.deallocate(p, 100);                    // by size class: no look-up
//     order* o = h.new_object<order>(17);
//     h.delete_object(o);
//
// Up to 64 KiB a request is served from one of 88 size classes (heap/size_class.hpp), each on the engine: a magazine for
// every thread in front of slabs. Up to 4 MiB it gets a range of 64 KiB units, beyond that a mapping of its own.
// This layer is compiled: link cenote::heap.
#pragma once

#include "cenote/base/budget.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/heap/size_class.hpp"
#include "cenote/heap/stats.hpp"
#include "cenote/pool/exhausted.hpp"
#include "cenote/source/any_source.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace cenote {

namespace detail {
class heap_core;

// As throw_exhausted(), for a block of `size` bytes.
[[noreturn]] CENOTE_COLD inline void throw_refused_by_heap(const void* of, std::size_t size,
                                                           const heap_stats& now) {
    short_text text;
    text.add("out of memory: heap %p holds %zu bytes", of, now.held);
    if (now.limit != static_cast<std::size_t>(-1)) text.add(" of its limit of %zu", now.limit);
    text.add(", and %zu more are refused", size);
    add_budgets(text, nullptr);
    throw_out_of_memory(text);
}
} // namespace detail

struct heap_options {
    // The most address space that the heap holds for blocks, in bytes; a request beyond it is refused. It takes 4
    // MiB at a time, and each size class that outgrows its first 64 KiB takes 1 MiB of them. What the heap keeps of its own is not counted.
    std::size_t limit = std::numeric_limits<std::size_t>::max();
    // Milliseconds that freed memory stays resident before it may go back to the OS.
    std::uint32_t decay = 500;
    // Where segments come from; the OS, if nothing is named. It may use the process heap, but no other one, this one
    // included, and outlives it.
    std::optional<any_source> source = std::nullopt;
    // Outlives the heap. One that has a name is in the reports of cenote/pool_reports.hpp, as the process heap is.
    const char* name = nullptr;
};

// Thread-safe, but for its death: blocks may be freed by any thread. Allocations and frees are O(1), but for those
// that have to give memory back or take it: O(segments), calls of the OS or the source, and now and then O(capacity / 64).
//
// Blocks are at multiples of 16, or of what alignment was asked. What is freed twice, with a wrong size, or was never a
// block of this heap, is a broken contract: reported and aborted, at the latest when it leaves this thread's magazine.
// ARCHITECTURE.md has what is found when.
class CENOTE_API heap {
public:
    // The heap of the process: there from the first instruction to the last, never destroyed.
    static heap& process() noexcept;

    // A heap of its own; its memory goes with it, live blocks included. Throws std::bad_alloc where the OS refuses the
    // address space that every heap takes for itself, half a MiB.
    explicit heap(const heap_options& options = {}) : heap(options, std::nothrow) {
        if (!begun()) throw_refused(nullptr, sizeof(heap));
    }
    heap(const heap&) = delete;
    heap& operator=(const heap&) = delete;
    ~heap();

    // At least `size` bytes. Throws std::bad_alloc when refused; the try_ forms return nullptr. `size` 0 gives a block of
    // its own. `alignment` is a power of two.
    [[nodiscard]] void* allocate(std::size_t size) { return given(try_allocate(size), size); }
    [[nodiscard]] void* allocate(std::size_t size, std::size_t alignment) {
        return given(try_allocate(size, alignment), size);
    }
    [[nodiscard]] void* try_allocate(std::size_t size) noexcept;
    [[nodiscard]] void* try_allocate(std::size_t size, std::size_t alignment) noexcept;

    // The same, all zeroes. Above 64 KiB, memory from the OS that was never written is not written.
    [[nodiscard]] void* allocate_zeroed(std::size_t size, std::size_t alignment = 16) {
        return given(try_allocate_zeroed(size, alignment), size);
    }
    [[nodiscard]] void* try_allocate_zeroed(std::size_t size, std::size_t alignment = 16) noexcept;

    // nullptr is ignored. One look-up.
    void deallocate(void* p) noexcept;
    // With what it was allocated, or last reallocated, with: without a look-up up to 64 KiB.
    void deallocate(void* p, std::size_t size) noexcept;
    void deallocate(void* p, std::size_t size, std::size_t alignment) noexcept;

    // The block's contents in one of `size` bytes, here or elsewhere; `p` is then no longer a block. nullptr is allowed,
    // and allocates. Throws std::bad_alloc, with the block as it was, when refused; try_ returns nullptr then.
    [[nodiscard]] void* reallocate(void* p, std::size_t size, std::size_t alignment = 16) {
        return given(try_reallocate(p, size, alignment), size);
    }
    [[nodiscard]] void* try_reallocate(void* p, std::size_t size, std::size_t alignment = 16) noexcept;

    // Bytes that may be used of a block; 0 for nullptr.
    std::size_t usable_size(const void* p) const noexcept;

    // A new T(args...). Throws std::bad_alloc, and what T's constructor throws; nothing is left behind then.
    template <class T, class... Args>
    [[nodiscard]] T* new_object(Args&&... args) {
        void* const p = allocate(sizeof(T), alignof(T));
        if constexpr (std::is_nothrow_constructible_v<T, Args...> || !CENOTE_EXCEPTIONS) {
            return ::new (p) T(std::forward<Args>(args)...);
        } else {
            unfinished made{*this, p, sizeof(T), alignof(T)};
            T* const object = ::new (p) T(std::forward<Args>(args)...);
            made.block = nullptr;
            return object;
        }
    }
    // Ends the life of an object that new_object<T> made; nullptr is ignored.
    template <class T>
    void delete_object(T* p) noexcept {
        if (p == nullptr) return;
        std::destroy_at(p);
        deallocate(const_cast<std::remove_cv_t<T>*>(p), sizeof(T), alignof(T));
    }

    // A block of this heap lies there, live or free. Any pointer may be asked.
    bool owns(const void* p) const noexcept;

    // Gives back what is free, this thread's magazines included. Returns bytes. O(capacity / 64).
    std::size_t trim() noexcept;

    // Where other threads are busy, a figure of some moment. O(capacity / 64).
    heap_stats stats() const noexcept;
    // Of these the held, most_held and limit. O(1).
    heap_stats totals() const noexcept;
    // `c` from 1 to detail::last_class.
    size_class_stats stats_of(detail::size_class c) const noexcept;

    // Milliseconds, bytes; see heap_options.
    void set_decay(std::uint32_t milliseconds) noexcept;
    void set_limit(std::size_t bytes) noexcept;
    // What is called when what is held rises beyond the soft limit, and when a request was refused, though all that is free was
    // given back, before that is tried once more; see base/budget.hpp. Before other threads use the heap.
    void set_soft_limit(std::size_t bytes) noexcept;
    void on_limit(limit_callback call, void* context) noexcept; // nullptr: none

    // From now on one allocation in about `rate`, 0: none, lies on an OS page of its own between two that nobody may touch, at
    // its end or its beginning; so does none that is larger than a page. At most `places` do at a time (fixed by the first
    // of them; each is a page of memory and two of address space); what was freed stays forbidden while other places are
    // there. Overflows, underflows and uses after free end the program then, and where it has no handler of SIGSEGV, are
    // told on stderr with the stacks of whoever allocated and freed; wrong frees of such blocks are reported at once.
    // Up to 1,023, each allocation counts, and costs a call more, as each free does; from there on only what comes into
    // this thread's magazines does: blocks that a thread allocates and frees again and again are not drawn. Frees with a size
    // need a look-up from now on. Without effect where the heap has a source of the user's.
    void set_guard_rate(std::uint32_t rate, std::uint32_t places = 64) noexcept;

    // From now on one allocation in about `bytes` bytes of them, 0: none, is remembered with its stack while it is live, for
    // report_leaks. 512 KiB are a good number. Every allocation and every free costs a call more; of threads that use the
    // heap at this moment, the next few frees may be missed.
    void set_leak_rate(std::size_t bytes) noexcept;
    // Writes what is live to the open file `file`: how many blocks of each size, exactly but for what other threads do
    // meanwhile, and if there is a rate, how many bytes about at which stacks, most first. Allocates nothing. O(capacity / 64).
    void report_leaks(int file) const noexcept;

    // For tests and audits of a quiet heap: whether all structures are sound, and whether a live block begins at `p`.
    bool valid() const noexcept;
    bool is_live(const void* p) const noexcept;

protected:
    // For who cannot have exceptions: where the OS refuses, begun() is false, and nothing but the destructor may be called.
    heap(const heap_options& options, std::nothrow_t) noexcept : core_(begin(options)) {}
    bool begun() const noexcept { return core_ != nullptr; }

private:
    struct unfinished {
        heap& of;
        void* block;
        std::size_t size;
        std::size_t alignment;
        ~unfinished() {
            if (block != nullptr) of.deallocate(block, size, alignment);
        }
    };
    union undying;
    static undying process_instance;
    struct process_tag {};
    constexpr explicit heap(process_tag) noexcept;
    static detail::heap_core* begin(const heap_options& options) noexcept; // nullptr when the OS refuses

    void* given(void* p, std::size_t size) const {
        if (p == nullptr) [[unlikely]]
            throw_refused(this, size);
        return p;
    }
    [[noreturn]] CENOTE_COLD static void throw_refused(const heap* of, std::size_t size) {
        detail::throw_refused_by_heap(of, size, of == nullptr ? heap_stats{} : of->totals());
    }

    detail::heap_core* core_;
};

} // namespace cenote
