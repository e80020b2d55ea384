// Layer: heap. The few blocks of a heap that were drawn to lie between guards: each on an OS page of its own, at its end or
// its beginning, so that who goes beyond the block, or uses it after it was freed, touches a page that nobody may touch.
//
//     records | guard | place 0 | guard | place 1 | guard | ...          all of it kind_guarded in the segment map
//
//     place      ........[ block ]            or        [ block ]........
//                    mark         rest                          mark
//
// Freed blocks' places are forbidden, and go to the end of a queue: each is used again only when all others were. Around a
// block lie marks, which show when it is freed what was written beside it and did not reach a guard. After GWP-ASan
// (Serebryany and others, 2023, "GWP-ASan: Sampling-Based Detection of Memory-Safety Bugs in Production").
//
// The records are read without the lock by the handler of SIGSEGV, in a process that is about to die.
#pragma once

#include "heap_lock.hpp"
#include "segment_map.hpp"
#include "supply.hpp"

#include "cenote/os/stack_trace.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cenote::detail {

// Who did something to a block.
struct guarded_event {
    stack_trace stack;
    std::int32_t thread = 0; // 0: nobody yet

    // The caller's, from the frame on that returns to `from`: what lies further in is ours.
    static guarded_event now(const void* from) noexcept;
};

// The last block of a place.
struct guarded_block {
    std::byte* at = nullptr; // nullptr: there was none yet
    std::size_t size = 0;    // bytes, as asked for
    std::size_t alignment = 0;
    bool is_live = false;
    bool is_resident = false;
    std::uint32_t next = 0; // in the queue of those that are not live
    guarded_event allocated;
    guarded_event freed;
};

class guarded_store {
public:
    static constexpr std::uint32_t usual_places = 64;
    static constexpr std::uint32_t most_places = 1U << 20;

    constexpr guarded_store(segment_map& map, supply& from) noexcept : map_(map), from_(from) {}
    ~guarded_store() = default;
    guarded_store(const guarded_store&) = delete;
    guarded_store& operator=(const guarded_store&) = delete;

    // The most blocks that are live at a time. Nothing changes once there was a block. From 1 to most_places.
    void set_places(std::uint32_t places) noexcept;

    // Whether a block of this size would be taken, as far as is known. Relaxed: only a hint.
    bool has_place(std::size_t size) const noexcept {
        return size <= vm::page_size() && free_.load(std::memory_order_relaxed) != 0;
    }
    // nullptr where all places are in use, or the OS or the limit refuses. Where the OS has no handler of SIGSEGV at the first
    // call, one is installed that says what was touched.
    void* take(std::size_t size, std::size_t alignment, bool at_end, const void* from) noexcept;
    // Reports what is no live block, and what was written beside it.
    void give(void* p, const void* from) noexcept;

    // What may be used of a live block; 0 where none begins at `p`.
    std::size_t bytes_of(const void* p) const noexcept;
    // The class that a block of its size and alignment would have. Needs a live block.
    size_class class_of(const void* p) const noexcept;
    bool holds(const void* p) const noexcept {
        return address_of(p) - address_of(base_.load(std::memory_order_relaxed)) < bytes_ && bytes_ != 0;
    }

    // Pages of places that are not in use go back to the OS. Returns bytes.
    std::size_t trim() noexcept;

    std::size_t live() const noexcept { return live_; }             // blocks; needs the lock
    std::size_t live_bytes() const noexcept { return live_bytes_; } // needs the lock
    std::uint64_t taken() const noexcept { return taken_; }         // blocks, ever; needs the lock
    bool valid() const noexcept;

    // What the access to an address in the store was, by the instruction at `pc`, in lines on stderr. For the handler of SIGSEGV.
    void explain_access(const void* address, const void* pc) const noexcept;
    // `what` was done with a pointer to no live block.
    [[noreturn]] void report(const char* what, const void* p, const void* from) const noexcept;

    // Needs a heap that nobody uses any more.
    void release_all() noexcept;

    mutable heap_lock lock;

private:
    static constexpr std::uint32_t nowhere = static_cast<std::uint32_t>(-1);

    bool open() noexcept;
    std::size_t records_bytes() const noexcept;
    std::uintptr_t first_place() const noexcept {
        return address_of(base_.load(std::memory_order_relaxed)) + records_bytes() + vm::page_size();
    }
    std::byte* page_of(std::uint32_t i) const noexcept;
    std::uint32_t index_of(const void* p) const noexcept; // nowhere: it is in no place
    void put_last(std::uint32_t i) noexcept;

    segment_map& map_;
    supply& from_;
    std::atomic<std::byte*> base_{nullptr};
    std::size_t bytes_ = 0;
    guarded_block* blocks_ = nullptr;
    std::uint32_t places_ = usual_places;
    std::uint32_t first_free_ = nowhere;
    std::uint32_t last_free_ = nowhere;
    std::atomic<std::uint32_t> free_{
        usual_places}; // written under the lock; 0 as well where the OS refused for good
    std::size_t live_ = 0;
    std::size_t live_bytes_ = 0;
    std::uint64_t taken_ = 0;
};

// The handler of SIGSEGV, where there is none.
void catch_accesses() noexcept;

} // namespace cenote::detail
