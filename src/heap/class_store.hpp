// Layer: heap. One size class: its slabs, behind a lock, and a small depot in front of them.
//
//     magazine of a thread ──(a part of it)──> depot: up to four of those ──> slab_list ──> unit_store
//
// The depot hands blocks from thread to thread as they came, without a look at the bitmaps: what one thread frees and
// another allocates again costs a copy of pointers. It is used only where several threads have magazines.
// Depot: Bonwick and Adams, 2001, "Magazines and Vmem".
//
// `loose` and `stuck` are what the policy of giving back looks at: bytes that came back since the last trim, and bytes
// that the last trims had to leave, because live blocks share their OS pages; less what was taken again. `fresh` is what
// was taken beyond both: it became resident only now.
#pragma once

#include "guard.hpp"
#include "heap_lock.hpp"
#include "low_water.hpp"
#include "segment_map.hpp"
#include "unit_store.hpp"

#include "cenote/heap/size_class.hpp"
#include "cenote/slab/slab_list.hpp"
#include "cenote/source/vm_source.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

namespace cenote::detail {

// What a heap's slab lists take their memory from: segments from the units, the table of their index from the OS.
class class_source : public segment_guards<is_hardened> {
public:
    class_source(unit_store& units, supply& from, size_class c) noexcept
        : units_(&units), from_(&from), class_(c) {}

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        if (bytes < unit || bytes > shared_segment_bytes) return nullptr;
        const auto got = units_->take(units_of(bytes), std::max(alignment, unit) / unit, class_, class_);
        // So that every page of a free block is all zeroes, or all as its last owner left it.
        if constexpr (is_hardened)
            if (got.dirty != 0) zero(got.base, units_of(bytes) * unit);
        return got.base;
    }
    void deallocate(void* p, std::size_t bytes, std::size_t) noexcept {
        if (!remove_guards(p, units_of(bytes) * unit)) return; // lost, rather than of use to nobody
        units_->give(p, units_of(bytes));
    }
    std::size_t decommit(void* p, std::size_t bytes) noexcept {
        const std::uintptr_t page = vm::page_size();
        const std::uintptr_t first = round_up(address_of(p), page);
        const std::uintptr_t last = round_down(address_of(p) + bytes, page);
        // Where two shared segments meet, each is an allocation of its own to where it came from.
        std::size_t given = 0;
        for (std::uintptr_t at = first, end; at < last; at = end) {
            end = std::min(last, round_down(at, shared_segment_bytes) + shared_segment_bytes);
            given += from_->decommit(reinterpret_cast<void*>(at), end - at);
        }
        return given;
    }
    vm_source& tables() noexcept { return tables_; }

private:
    void zero(void* p, std::size_t bytes) noexcept {
        if (from_->decommit(p, bytes) == 0 || !from_->is_zeroing()) std::memset(p, 0, bytes);
    }
    static std::size_t units_of(std::size_t bytes) noexcept { return divide_up(bytes, unit); }

    unit_store* units_;
    supply* from_;
    CENOTE_NO_UNIQUE_ADDRESS vm_source tables_;
    size_class class_;
};

using class_slabs = slab_list<runtime_geometry, class_source>;

class alignas(64) class_store {
public:
    static constexpr std::size_t depot_batches = 4;
    static constexpr std::size_t worthwhile_divisor = 8;

    constexpr class_store() noexcept = default;

    mutable heap_lock lock;

    // Everything below needs the lock.

    // Up to `want` blocks into `out`, which has `room` for more should the depot have them, the next to hand out last; 0
    // when nothing is left and the source refuses. O(room).
    std::size_t take(std::byte** out, std::size_t want, std::size_t room) noexcept {
        ++refills;
        water.use();
        if (batches_ != 0) return take_batch(out, batch_size_[batches_ - 1] <= room ? room : want);
        const std::size_t got = slabs().take_or_grow(out, want);
        const std::size_t bytes = got * slabs().geometry().block_size();
        const std::size_t from_loose = std::min(loose, bytes);
        loose -= from_loose;
        water.fall(loose);
        const std::size_t from_stuck = std::min(stuck, bytes - from_loose);
        stuck -= from_stuck;
        fresh += bytes - from_loose - from_stuck;
        return got;
    }
    // Blocks that were taken. Stops at the first that was not.
    class_slabs::put_outcome put(std::byte* const* blocks, std::size_t count) noexcept {
        ++flushes;
        loose += count * slabs().geometry().block_size();
        return slabs().put(blocks, count);
    }

    // The depot takes them, where it has room. Nothing is tested.
    bool put_batch(size_class c, std::byte* const* blocks, std::size_t count) noexcept;
    // What waits in the depot goes to the bitmaps.
    class_slabs::put_outcome empty_depot() noexcept;

    // Empty memory goes back to the units, and pages of free blocks to the OS: all of it, or about `most` bytes. A new mark
    // is set. Returns bytes. O(capacity / 64).
    std::size_t trim() noexcept {
        if (slabs().taken() != 0) return trim(any_bytes);
        loose = stuck = 0;
        mark();
        return slabs().trim();
    }
    std::size_t trim(std::size_t most) noexcept {
        const auto [given, opened] = slabs().trim(most);
        if (opened >= most) {
            // No more than that: some of what went may have been counted as stuck, or gone before.
            loose -= std::min(loose, most);
        } else {
            // What was asked for and could not go lies beside live blocks, or the OS did not take it.
            stuck = loose + stuck - std::min(loose + stuck, opened);
            loose = 0;
        }
        mark();
        return given;
    }
    // Whether a trim of all may find anything.
    bool has_loose() const noexcept { return loose != 0 || stuck != 0 || slabs().taken() == 0; }
    // Nothing was taken since the last mark.
    bool is_idle() const noexcept { return !water.is_used(); }
    // Of what is loose, what was so ever since the last mark. Bytes; 0 where they are not worth a walk.
    std::size_t idle() const noexcept {
        const std::size_t bytes = water.idle(loose);
        return bytes >= loose / worthwhile_divisor ? bytes : 0;
    }
    void mark() noexcept { water.mark(loose); }

    bool is_open() const noexcept { return is_open_; }
    void open(size_class c, unit_store& units, supply& from) noexcept;
    void release_all(size_class c) noexcept;

    // Needs to be open.
    class_slabs& slabs() noexcept { return *std::launder(reinterpret_cast<class_slabs*>(slabs_)); }
    const class_slabs& slabs() const noexcept {
        return *std::launder(reinterpret_cast<const class_slabs*>(slabs_));
    }
    std::size_t in_depot() const noexcept; // blocks
    bool depot_holds(const void* p) const noexcept;

    std::size_t loose = 0; // bytes
    low_water water;       // of loose
    std::size_t stuck = 0; // bytes
    std::size_t fresh = 0; // bytes
    std::uint64_t refills = 0;
    std::uint64_t flushes = 0;

private:
    std::size_t take_batch(std::byte** out, std::size_t most) noexcept;
    static std::size_t depot_bytes(size_class c) noexcept {
        return round_up(depot_batches * layout.exchange_limit(c) * sizeof(std::byte*), vm::page_size());
    }
    std::byte** batch(std::size_t i) const noexcept { return depot_ + i * depot_stride_; }

    // A class_slabs once it is open. Bytes, since the process heap must not be destroyed.
    alignas(class_slabs) std::byte slabs_[sizeof(class_slabs)] = {};
    std::byte** depot_ = nullptr; // depot_batches arrays
    std::uint16_t batch_size_[depot_batches] = {};
    std::uint16_t depot_stride_ = 0; // slots
    std::uint8_t batches_ = 0;
    bool is_open_ = false;
};

} // namespace cenote::detail
