#include "large.hpp"

#include "features.hpp"
#include "lottery.hpp"
#include "report.hpp"
#include "seal.hpp"

#include "heap/heap_lock.hpp"
#include "heap/process_heap.hpp"

#include "cenote/base/bits.hpp"
#include "cenote/os/vm.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

namespace cenote::detail::hardened {

namespace {

// In the last page of the heap's block.
struct record {
    std::atomic<std::uint64_t> tag; // of the address, the size and the state
    std::size_t size;               // bytes, as asked for
    std::size_t front;              // bytes before the caller's
    std::size_t bytes;              // of the heap's block
    bool is_guarded;
};

// Each guarded block is four mappings to the kernel, which allows 65,530 unless told otherwise.
constexpr std::size_t most_guarded = 8192;
constinit std::atomic<std::size_t> guarded{0};

constexpr std::size_t tag_kind = no_class;
std::uint64_t tag_of(const void* p, block_state state, std::size_t size) noexcept {
    return seal{p, tag_kind}.tag(state, size);
}

std::size_t page() noexcept { return vm::page_size(); }
std::size_t data_bytes(std::size_t size) noexcept { return round_up(std::max<std::size_t>(size, 1), page()); }

std::byte* base_of(const void* p) noexcept {
    auto* const at = static_cast<std::byte*>(const_cast<void*>(p));
    return is_aligned(at, unit) ? at : at - page();
}
record& record_of(std::byte* base, std::size_t bytes) noexcept {
    return *reinterpret_cast<record*>(base + bytes - page());
}

// The record of a block that was handed out by allocate_large, and not given back to the heap; nullptr for any other
// pointer.
record* find_record(const void* p) noexcept {
    std::byte* const base = base_of(p);
    const unit_kind kind = process_map.kind_of(base);
    if (kind != kind_large && kind != kind_mapping) return nullptr;
    const std::size_t bytes = process_heap.taken_bytes(base);
    if (bytes == 0) return nullptr;
    record& r = record_of(base, bytes);
    return r.bytes == bytes && base + r.front == p ? &r : nullptr;
}

// The room between the caller's pages and the record becomes guard.
bool set_guards(std::byte* base, const record& r) noexcept {
    std::byte* const behind = base + r.front + data_bytes(r.size);
    std::byte* const last = base + r.bytes - page();
    if (r.front == page() && !vm::forbid(base, r.front)) return false;
    return vm::forbid(behind, static_cast<std::size_t>(last - behind));
}

unsigned char canary_of(const void* p) noexcept { return seal{p, tag_kind}.canary(); }

void write_canary(void* p, std::size_t size) noexcept {
    if (has(feature::canary))
        std::memset(static_cast<std::byte*>(p) + size, canary_of(p), data_bytes(size) - size);
}
void check_canary(const void* p, std::size_t size) noexcept {
    if (!has(feature::canary)) return;
    if (!is_filled(static_cast<const std::byte*>(p) + size, data_bytes(size) - size, canary_of(p)))
        report_overflow(p, size);
}

// Up to 16 freed blocks, and 64 MiB of them unless one alone is larger.
struct waiting_list {
    static constexpr std::size_t most = 16;
    static constexpr std::size_t most_bytes = 64_MiB;

    struct entry {
        std::byte* base;
        std::size_t bytes;
    };

    heap_lock lock;
    std::size_t count = 0;
    std::size_t bytes = 0;
    lottery lots;
    entry entries[most] = {};

    entry draw() noexcept {
        entry& e = entries[lots.draw(count)];
        const entry drawn = e;
        e = entries[--count];
        bytes -= drawn.bytes;
        return drawn;
    }
};
constinit waiting_list waiting;

void give_to_heap(std::byte* base, std::size_t bytes) noexcept {
    // Lost, rather than handed out where it cannot be written to.
    if (!vm::permit(base, bytes)) return;
    process_heap.give(process_cache(), base, process_map.kind_of(base));
}

} // namespace

void* allocate_large(std::size_t size, std::size_t alignment, std::size_t room, bool zeroed) noexcept {
    const std::size_t front = alignment <= page() ? page() : 0;
    const std::size_t wanted = front + std::max(data_bytes(size), data_bytes(room)) + 2 * page();
    auto* const base = static_cast<std::byte*>(
        process_heap.allocate(process_cache(), std::max(wanted, max_class_size + 1), alignment));
    if (base == nullptr) return nullptr;
    const std::size_t bytes = process_heap.taken_bytes(base);
    std::byte* const p = base + front;
    const bool is_zero = zeroed || has(feature::zero);
    // Costs less than to write zeroes, and takes no memory before it is used.
    if (is_zero && !vm::decommit(base, bytes)) std::memset(base, 0, bytes);
    if (!is_zero && has(feature::junk)) std::memset(p, new_junk, size);

    auto* const r = ::new (static_cast<void*>(&record_of(base, bytes))) record{0, size, front, bytes, false};
    write_canary(p, size);
    // Relaxed: a count.
    if (has(feature::guard) && guarded.load(std::memory_order_relaxed) < most_guarded) {
        guarded.fetch_add(1, std::memory_order_relaxed);
        r->is_guarded = true;
        (void)set_guards(base, *r); // what the OS refuses is not there
    }
    r->tag.store(tag_of(p, block_state::live, size), std::memory_order_relaxed);
    return p;
}

std::size_t size_of_large(const void* p, const complaint& say) noexcept {
    const record* const r = find_record(p);
    const unit_kind kind = process_map.kind_of(p);
    if (r == nullptr) process_heap.report(say.of_no_block, p, kind);
    const std::uint64_t tag = r->tag.load(std::memory_order_relaxed);
    if (tag == tag_of(p, block_state::freed, r->size)) process_heap.report(say.of_freed, p, kind);
    if (tag != tag_of(p, block_state::live, r->size)) report_overflow_of_class(p, r->bytes);
    return r->size;
}

void deallocate_large(void* p) noexcept {
    record& r = *find_record(p);
    check_canary(p, r.size);
    std::uint64_t live = tag_of(p, block_state::live, r.size);
    // Relaxed: who is second finds another tag, and needs no more.
    if (!r.tag.compare_exchange_strong(live, tag_of(p, block_state::freed, r.size),
                                       std::memory_order_relaxed))
        process_heap.report("double free", p, process_map.kind_of(p));
    std::byte* const base = base_of(p);
    const std::size_t bytes = r.bytes;
    if (r.is_guarded) guarded.fetch_sub(1, std::memory_order_relaxed);
    if (has(feature::fill) || has(feature::delay)) (void)vm::decommit(base, bytes - page());
    if (!has(feature::delay)) return give_to_heap(base, bytes);

    (void)vm::forbid(base, bytes - page());
    waiting_list::entry leave[waiting_list::most];
    std::size_t leaving = 0;
    {
        const locked_scope hold{waiting.lock};
        while (waiting.count == waiting_list::most ||
               (waiting.count != 0 && waiting.bytes + bytes > waiting_list::most_bytes))
            leave[leaving++] = waiting.draw();
        waiting.entries[waiting.count++] = {base, bytes};
        waiting.bytes += bytes;
    }
    for (std::size_t i = 0; i != leaving; ++i)
        give_to_heap(leave[i].base, leave[i].bytes);
}

// Guards give way, or advance.
bool resize_large(void* p, std::size_t wanted) noexcept {
    record& r = *find_record(p);
    const std::size_t is = data_bytes(r.size);
    const std::size_t becomes = data_bytes(wanted);
    if (r.front + becomes + 2 * page() > r.bytes || wanted < r.size / 2 || wanted < max_class_size / 2)
        return false;
    check_canary(p, r.size);
    auto* const block = static_cast<std::byte*>(p);
    if (becomes > is && !vm::permit(block + is, becomes - is)) return false;
    if (wanted > r.size) std::memset(block + r.size, 0, std::min(is, wanted) - r.size);
    if (becomes < is) {
        (void)vm::decommit(block + becomes, is - becomes);
        if (r.is_guarded) (void)vm::forbid(block + becomes, is - becomes);
    }
    r.size = wanted;
    write_canary(p, wanted);
    r.tag.store(tag_of(p, block_state::live, wanted), std::memory_order_relaxed);
    return true;
}

std::size_t release_waiting_large() noexcept {
    std::size_t blocks = 0;
    for (;; ++blocks) {
        waiting_list::entry e;
        {
            const locked_scope hold{waiting.lock};
            if (waiting.count == 0) return blocks;
            e = waiting.draw();
        }
        give_to_heap(e.base, e.bytes);
    }
}

waiting_large waiting_large_bytes() noexcept {
    const locked_scope hold{waiting.lock};
    waiting_large all{.bytes = waiting.bytes};
    for (std::size_t i = 0; i != waiting.count; ++i)
        if (process_map.kind_of(waiting.entries[i].base) == kind_mapping) {
            all.bytes_of_mappings += waiting.entries[i].bytes;
            ++all.mappings;
        }
    return all;
}

void lock_waiting_large() noexcept { waiting.lock.lock_for_fork(); }
void unlock_waiting_large() noexcept { waiting.lock.unlock_after_fork(); }

} // namespace cenote::detail::hardened
