#include "counting.hpp"

#include "../blocks.hpp"
#include "file.hpp"
#include "uninterrupted.hpp"

#include "cenote/os/clock.hpp"

#include <algorithm>
#include <cstdint>

namespace cenote::detail::counting {

namespace {

constexpr std::uint64_t snapshot_step = 100'000'000; // nanoseconds

constinit std::atomic<std::uint64_t> first_time{0};
constinit std::atomic<std::uint64_t> next_snapshot{0};

// What two looks at the clock find between them where nothing is: the mean of many, but for those that were interrupted.
CENOTE_COLD void measure_clock(file_header& of) noexcept {
    constexpr int tries = 256;
    std::uint64_t seen[tries];
    for (std::uint64_t& each : seen) {
        const std::uint64_t begin = fine_nanoseconds();
        each = fine_nanoseconds() - begin;
    }
    std::sort(seen, seen + tries);
    double sum = 0;
    constexpr int used = tries - tries / 16;
    for (int i = 0; i != used; ++i)
        sum += static_cast<double>(seen[i]);
    of.clock_cost.store(sum / used, std::memory_order_relaxed);
}

// From time to time, more often at first: what is killed early has some as well.
void watch_time(file_header& of, std::uint64_t time) noexcept {
    if (time < next_snapshot.load(std::memory_order_relaxed)) return;
    std::uint64_t first = first_time.load(std::memory_order_relaxed);
    if (first == 0) {
        first_time.store(first = time, std::memory_order_relaxed);
        measure_clock(of);
    }
    next_snapshot.store(time + std::min(snapshot_step, (time - first) / 4), std::memory_order_relaxed);
    take_snapshot(of);
}

CENOTE_COLD void note_time(thread_counts& mine, call_times& of, std::uint64_t begin) noexcept {
    const std::uint64_t end = fine_nanoseconds();
    const std::uint64_t took = end - begin;
    if (was_uninterrupted()) {
        add(of.calls, 1);
        add(of.nanoseconds, took);
        const double t = static_cast<double>(took);
        of.squares.store(of.squares.load(std::memory_order_relaxed) + t * t, std::memory_order_relaxed);
    } else {
        add(of.interrupted, 1);
    }
    // Not every 64th: a program may do the same every 64 calls. xorshift (Marsaglia, 2003).
    std::uint32_t r = mine.random;
    r ^= r << 13;
    r ^= r >> 17;
    r ^= r << 5;
    mine.random = r;
    mine.until_timed = timed_every / 2 + r % timed_every;
    if (file_header* const file = header(); file != nullptr) watch_time(*file, end);
}

// Of a call that the heap serves, the time if it is this one's turn.
class stopwatch {
public:
    CENOTE_ALWAYS_INLINE explicit stopwatch(thread_counts& mine) noexcept {
        if (--mine.until_timed == 0) [[unlikely]] {
            watch_for_interruptions();
            begin_ = fine_nanoseconds();
        }
    }
    CENOTE_ALWAYS_INLINE void stop(thread_counts& mine, call_times& of) const noexcept {
        if (begin_ != 0) [[unlikely]]
            note_time(mine, of, begin_);
    }

private:
    std::uint64_t begin_ = 0;
};

CENOTE_COLD void publish(thread_counts& mine) noexcept {
    const std::int64_t what = mine.unpublished;
    mine.unpublished = 0;
    file_header* const of = header();
    if (of == nullptr) return;
    const std::int64_t live = of->live.fetch_add(what, std::memory_order_relaxed) + what;
    std::int64_t most = of->most_live.load(std::memory_order_relaxed);
    while (live > most && !of->most_live.compare_exchange_weak(most, live, std::memory_order_relaxed)) {
    }
}

CENOTE_ALWAYS_INLINE void note_live(thread_counts& mine, std::int64_t bytes) noexcept {
    mine.unpublished += bytes;
    if (mine.unpublished >= publish_step || mine.unpublished <= -publish_step) [[unlikely]]
        publish(mine);
}

struct block {
    std::size_t kind; // of `kinds`
    std::size_t bytes;
};

CENOTE_ALWAYS_INLINE block block_at(const void* p) noexcept {
    const unit_kind kind = process_map.kind_of(p);
    if (kind != kind_foreign && kind <= last_class) [[likely]]
        return {kind, layout.size(static_cast<size_class>(kind))};
    const std::size_t bytes = process_heap.taken_bytes(p);
    // Between guards: as if it were where others of its size are.
    if (kind == kind_guarded && bytes != 0 && bytes <= max_class_size) {
        const size_class c = layout.find(bytes);
        return {c, layout.size(c)};
    }
    return {0, bytes};
}

CENOTE_ALWAYS_INLINE void note_allocated(thread_counts& mine, const void* p, std::size_t size) noexcept {
    if (p == nullptr) [[unlikely]]
        return add(mine.refused, 1);
    const block got = block_at(p);
    add(mine.of[got.kind].allocated, 1);
    add(mine.of[got.kind].requested, size);
    if (got.kind == 0) add(mine.large_given, got.bytes);
    note_live(mine, static_cast<std::int64_t>(got.bytes));
}
CENOTE_ALWAYS_INLINE void note_freed(thread_counts& mine, block what) noexcept {
    add(mine.of[what.kind].freed, 1);
    if (what.kind == 0) add(mine.large_returned, what.bytes);
    note_live(mine, -static_cast<std::int64_t>(what.bytes));
}

CENOTE_ALWAYS_INLINE void* take(std::size_t size, std::size_t alignment) noexcept {
    return alignment <= least_alignment ? process_allocate(size) : process_allocate(size, alignment);
}

} // namespace

void* allocate(std::size_t size, std::size_t alignment) noexcept {
    thread_counts* const mine = counts();
    if (mine == nullptr) return take(size, alignment);
    const stopwatch watch(*mine);
    void* const p = take(size, alignment);
    watch.stop(*mine, mine->allocating);
    note_allocated(*mine, p, size);
    return p;
}

void* allocate_zeroed(std::size_t size) noexcept {
    thread_counts* const mine = counts();
    if (mine == nullptr) return process_heap.allocate_zeroed(size, least_alignment);
    const stopwatch watch(*mine);
    void* const p = process_heap.allocate_zeroed(size, least_alignment);
    watch.stop(*mine, mine->allocating);
    note_allocated(*mine, p, size);
    return p;
}

void* reallocate(void* p, std::size_t size) noexcept {
    thread_counts* const mine = counts();
    if (mine == nullptr) return process_heap.reallocate(p, size, least_alignment);
    const block was = block_at(p);
    const stopwatch watch(*mine);
    void* const to = process_heap.reallocate(p, size, least_alignment);
    watch.stop(*mine, mine->reallocating);
    if (to != nullptr) {
        add(mine->reallocations, 1);
        if (to == p) add(mine->in_place, 1);
        note_freed(*mine, was);
    }
    note_allocated(*mine, to, size);
    return to;
}

void deallocate(void* p) noexcept {
    if (p == nullptr) return;
    thread_counts* const mine = counts();
    if (mine == nullptr) return process_deallocate(p);
    const block what = block_at(p);
    const stopwatch watch(*mine);
    process_deallocate(p);
    watch.stop(*mine, mine->freeing);
    note_freed(*mine, what);
}

void deallocate(void* p, std::size_t size, std::size_t alignment) noexcept {
    if (p == nullptr) return;
    thread_counts* const mine = counts();
    if (mine == nullptr) return deallocate_sized(p, size, alignment);
    const block what = block_at(p);
    const stopwatch watch(*mine);
    deallocate_sized(p, size, alignment);
    watch.stop(*mine, mine->freeing);
    note_freed(*mine, what);
}

void begin() noexcept { static_cast<void>(counts()); }

void finish() noexcept {
    file_header* const of = header();
    if (of == nullptr) return;
    if (this_thread_counts != nullptr) publish(*this_thread_counts);
    if (of->clock_cost.load(std::memory_order_relaxed) == 0) measure_clock(*of);
    take_snapshot(*of);
    copy_maps();
    of->has_ended.store(1, std::memory_order_relaxed);
}

} // namespace cenote::detail::counting
