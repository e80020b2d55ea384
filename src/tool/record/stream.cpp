#include "stream.hpp"

#include "ticks.hpp"

#include <algorithm>
#include <array>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace cenote::tool {

namespace {

constexpr std::uint64_t gap_patience = 1'000'000'000;  // nanoseconds
constexpr std::uint64_t modules_interval = 50'000'000; // nanoseconds between two looks at the kernel's list
constexpr std::size_t most_stacks = 1'000'000;         // different ones, which bounds memory
constexpr std::size_t words_ahead = 64;                // some sixteen records
constexpr std::size_t records_at_once = 1'024;         // until the writer learns that there is room

} // namespace

record_stream::record_stream(region& in, std::size_t place, const std::string& path,
                             const trace_description& about, const tick_scale& scale)
    : in_(in), place_(place), process_(in.header.processes[place].process), path_(path), writer_(path, about),
      scale_(scale), modules_(process_) {
    // While it lives: it may be killed at once.
    for (const code_module& each : modules_.refresh())
        writer_.define_module(each);
}

bool record_stream::drain() {
    find_rings();
    bool any = drain_in_order();
    if (skip_gap(false)) any = true;
    note_lost();
    return any;
}

void record_stream::drain_last() {
    find_rings();
    do {
        drain_in_order();
    } while (skip_gap(true));
    note_lost();
    for (const source& each : rings_)
        each.from->is.store(ring::unused, std::memory_order_release); // pairs with who claims it
    rings_.clear();
    in_.header.processes[place_].is.store(process_place::unused, std::memory_order_release); // the same
}

void record_stream::become(std::size_t place) {
    place_ = place;
    expected_ = 0;
    gap_since_ = 0;
    lost_here_ = 0;
    objects_.clear();
    reallocs_.clear();
    modules_ = module_list(process_);
    writer_.add({.kind = event_kind::exec, .time = time_});
    for (const code_module& each : modules_.refresh())
        writer_.define_module(each);
}

bool record_stream::close(trace_end end) {
    end.lost = lost_;
    return writer_.close(end);
}

void record_stream::find_rings() {
    for (ring& each : in_.rings) {
        // Acquire: pairs with the release by which a thread owns it.
        const std::uint32_t is = each.is.load(std::memory_order_acquire);
        if ((is != ring::owned && is != ring::finished) || each.process != place_) continue;
        const bool known =
            std::any_of(rings_.begin(), rings_.end(), [&](const source& s) { return s.from == &each; });
        if (!known) rings_.push_back({&each, each.tail.load(std::memory_order_relaxed), each.thread});
    }
}

bool record_stream::drain_in_order() {
    bool any = false;
    for (bool more = true; more;) {
        more = false;
        for (source& each : rings_)
            if (take_from(each)) more = true;
        any = any || more;
    }
    // Threads that ended gave their rings back; they are free when they are empty.
    std::erase_if(rings_, [](source& s) {
        if (s.from->is.load(std::memory_order_acquire) != ring::finished || // pairs with its end
            s.tail != s.from->head.load(std::memory_order_relaxed))
            return false;
        s.from->is.store(ring::unused, std::memory_order_release); // pairs with who claims it
        return true;
    });
    return any;
}

// As many records as are next.
bool record_stream::take_from(source& s) {
    const std::uint64_t head =
        s.from->head.load(std::memory_order_acquire); // pairs with the thread's release
    const std::uint64_t first = s.tail;
    std::array<std::uint64_t, 256> words;
    std::size_t untold = 0;
    std::uint64_t ahead = s.tail; // as far as what lies at the addresses is on its way into the cache
    while (s.tail != head) {
        for (ahead = std::max(ahead, s.tail); ahead < head && ahead - s.tail < words_ahead;) {
            objects_.prefetch(
                s.from->words[(ahead + 2) % ring_words]); // whatever the record is, it does no harm
            ahead += std::max<std::size_t>(record_words(s.from->words[ahead % ring_words]), 2);
        }
        const std::uint64_t start = s.from->words[s.tail % ring_words];
        const std::size_t count = std::max<std::size_t>(record_words(start), 2);
        if (count > head - s.tail) { // not what a recorder writes: the program overwrote it
            s.tail = head;
            break;
        }
        const record_kind kind = record_kind_of(start);
        if (kind != record_kind::owner && record_number(start) > expected_) break;
        for (std::size_t i = 0; i != count; ++i)
            words[i] = s.from->words[(s.tail + i) % ring_words];
        s.tail += count;
        if (kind == record_kind::owner) {
            s.thread = static_cast<std::uint32_t>(words[1]);
        } else {
            expected_ = std::max(expected_, record_number(start) + 1);
            make_event(s, std::span<const std::uint64_t>(words).first(count));
        }
        if (++untold == records_at_once) {
            give_room(s);
            untold = 0;
        }
    }
    if (s.tail == first) return false;
    give_room(s);
    gap_since_ = 0;
    return true;
}

void record_stream::give_room(source& s) {
    // Sequentially consistent, against the thread's store of `waits` and its look at the tail.
    s.from->tail.store(s.tail, std::memory_order_seq_cst);
    if (s.from->waits.load(std::memory_order_seq_cst) != 0) {
        s.from->waits.store(0, std::memory_order_relaxed);
        s.from->rounds.fetch_add(1, std::memory_order_relaxed); // the futex orders it
        wake(s.from->rounds);
    }
}

// A number that was taken, and whose record does not come: its thread was killed amid it, or jumped out of it.
bool record_stream::skip_gap(bool at_once) {
    std::uint64_t next = ~std::uint64_t{0};
    for (const source& each : rings_)
        if (each.tail != each.from->head.load(std::memory_order_acquire)) // pairs with the thread's release
            next = std::min(next, record_number(each.from->words[each.tail % ring_words]));
    if (next == ~std::uint64_t{0} || next <= expected_) return false;
    const std::uint64_t now = nanoseconds_now();
    if (gap_since_ == 0) gap_since_ = now;
    if (!at_once && now - gap_since_ < gap_patience) return false;
    gap_since_ = 0;
    lost_ += next - expected_;
    writer_.add({.kind = event_kind::lost, .time = time_, .size = next - expected_});
    expected_ = next;
    return true;
}

void record_stream::note_lost() {
    const std::uint64_t lost =
        in_.header.processes[place_].lost.load(std::memory_order_relaxed); // only counted
    if (lost == lost_here_) return;
    writer_.add({.kind = event_kind::lost, .time = time_, .size = lost - lost_here_});
    lost_ += lost - lost_here_;
    lost_here_ = lost;
}

void record_stream::make_event(source& s, std::span<const std::uint64_t> words) {
    event e;
    e.thread = s.thread;
    time_ = std::max(time_, scale_.nanoseconds(words[1]));
    e.time = time_;
    const auto word = [&](std::size_t i) { return i < words.size() ? words[i] : 0; };
    switch (record_kind_of(words[0])) {
    case record_kind::allocate:
        e.kind = static_cast<event_kind>(word(4) & 0xfU);
        if (!is_allocation(e.kind)) return;
        e.alignment_log2 = (word(4) >> 8U) & 63U;
        e.size = word(3);
        if (words.size() > 5) e.stack = stack_number(words.subspan(5));
        return put_allocated(e, word(2));
    case record_kind::release:
        e.kind = static_cast<event_kind>(word(3) & 0xfU);
        if (!is_free(e.kind)) return;
        e.sized = (word(3) & 256U) != 0;
        if (e.sized) e.size = word(4);
        e.object = objects_.take(word(2));
        if (e.object == 0) e.address = word(2);
        break;
    case record_kind::realloc_begin:
        if (s.thread >= reallocs_.size()) reallocs_.resize(std::min<std::size_t>(s.thread, 1U << 20U) + 1);
        if (s.thread < reallocs_.size()) reallocs_[s.thread] = {word(2), objects_.take(word(2))};
        return;
    case record_kind::realloc_end:
        return end_realloc(e, words);
    case record_kind::thread_begin:
        e.kind = event_kind::thread_begin;
        break;
    case record_kind::thread_end:
        e.kind = event_kind::thread_end;
        break;
    case record_kind::fork:
        e.kind = event_kind::fork;
        e.size = word(2);
        break;
    default:
        return;
    }
    writer_.add(e);
}

void record_stream::end_realloc(event& e, std::span<const std::uint64_t> words) {
    if (words.size() < 5) return;
    e.kind = event_kind::realloc;
    e.size = words[3];
    const std::uint64_t old = words[4];
    if (e.thread < reallocs_.size() && old != 0 && reallocs_[e.thread].address == old) {
        e.old_object = reallocs_[e.thread].object;
        reallocs_[e.thread] = {};
    }
    if (e.old_object == 0) e.old_address = old;
    if (words.size() > 5) e.stack = stack_number(words.subspan(5));
    // It failed, and the block is still there.
    if (words[2] == 0 && e.old_object != 0) objects_.put(old, e.old_object);
    put_allocated(e, words[2]);
}

void record_stream::put_allocated(event& e, std::uint64_t address) {
    e.failed = address == 0;
    e.address = address;
    if (e.failed) {
        writer_.add(e);
        return;
    }
    // A free that was lost, or was another library's business.
    if (const std::uint64_t before = objects_.put(address, writer_.next_object()); before != 0)
        writer_.add({.kind = event_kind::free, .thread = e.thread, .time = e.time, .object = before});
    writer_.add(e);
}

std::uint32_t record_stream::stack_number(std::span<const std::uint64_t> frames) {
    const std::uint64_t hash = XXH3_64bits(frames.data(), frames.size_bytes());
    if (const auto found = stacks_.find(hash); found != stacks_.end()) return found->second;
    if (stacks_.size() >= most_stacks) return 0;
    const auto number = static_cast<std::uint32_t>(stacks_.size() + 1);
    stacks_.emplace(hash, number);
    learn_modules(frames);
    writer_.define_stack(number, frames);
    return number;
}

void record_stream::learn_modules(std::span<const std::uint64_t> frames) {
    if (std::all_of(frames.begin(), frames.end(), [this](std::uint64_t f) { return modules_.has(f); }))
        return;
    const std::uint64_t now = nanoseconds_now();
    if (now - modules_read_ < modules_interval) return;
    modules_read_ = now;
    for (const code_module& each : modules_.refresh())
        writer_.define_module(each);
}

} // namespace cenote::tool
