#include "recorder.hpp"

#include "../ticks.hpp"

#include "cenote/os/errno_kept.hpp"
#include "cenote/os/stack_trace.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <signal.h>

// Where this library begins and ends, from the linker.
extern const char __ehdr_start [[gnu::visibility("hidden")]];
extern const char _end [[gnu::visibility("hidden")]];

namespace cenote::tool::record {

namespace {

constexpr std::uint64_t recorder_patience = 10'000'000'000; // nanoseconds without a heartbeat

std::uint64_t now() noexcept {
    return (this_process->options & record_no_ticks) != 0 ? nanoseconds_now() : ticks_now();
}

bool fits(ring& r, std::size_t words) noexcept {
    return r.head.load(std::memory_order_relaxed) + words - r.known_tail <= ring_words;
}

// Waits until the recorder made room. False where it is not to be waited for.
CENOTE_COLD bool make_room(ring& r, std::size_t words) noexcept {
    const detail::errno_kept kept;
    region_header& of = this_process->to->header;
    std::uint32_t beat = of.heartbeat.load(std::memory_order_relaxed);
    std::uint64_t since = 0;
    for (;;) {
        const std::uint32_t round = r.rounds.load(std::memory_order_relaxed);
        // Sequentially consistent, against the recorder's store of the tail and its look at this: one of both sees the other.
        r.waits.store(1, std::memory_order_seq_cst);
        r.known_tail = r.tail.load(std::memory_order_seq_cst);
        if (fits(r, words)) {
            r.waits.store(0, std::memory_order_relaxed);
            return true;
        }
        if ((this_process->options & record_drops) != 0) return false;
        if (of.stopped.load(std::memory_order_relaxed) != 0) break;
        of.doorbell.fetch_add(1, std::memory_order_relaxed); // the futex orders what matters
        wake(of.doorbell);
        wait_for_change(r.rounds, round, 50'000'000);

        const std::uint32_t next_beat = of.heartbeat.load(std::memory_order_relaxed);
        const std::uint64_t time = nanoseconds_now();
        if (since == 0 || next_beat != beat) {
            beat = next_beat;
            since = time;
        } else if (time - since > recorder_patience ||
                   (::kill(static_cast<pid_t>(of.recorder), 0) != 0 && errno == ESRCH)) {
            break;
        }
    }
    switch_off();
    return false;
}

// A record, word by word, into the thread's ring or the shared one. Nothing where there is no room.
class writing {
public:
    writing(thread_state& t, record_kind kind, std::size_t words) noexcept : to_(t.to) {
        if (to_ == nullptr) [[unlikely]]
            if (!begin_shared(t)) return;
        if (!fits(*to_, words)) [[unlikely]]
            if (!make_room(*to_, words)) {
                lose();
                return;
            }
        at_ = to_->head.load(std::memory_order_relaxed);
        // Relaxed: the numbers of two calls that are ordered by whatever orders threads are in that order.
        const std::uint64_t number = this_process->place->next_number.fetch_add(1, std::memory_order_relaxed);
        *this << record_head(number, kind, words) << now();
    }
    ~writing() {
        // Release: pairs with the recorder's acquire.
        if (to_ != nullptr) to_->head.store(at_, std::memory_order_release);
        if (is_shared_) unlock_shared();
    }
    writing(const writing&) = delete;
    writing& operator=(const writing&) = delete;

    writing& operator<<(std::uint64_t word) noexcept {
        if (to_ != nullptr) to_->words[at_++ % ring_words] = word;
        return *this;
    }
    writing& operator<<(const void* p) noexcept { return *this << reinterpret_cast<std::uint64_t>(p); }

private:
    CENOTE_COLD bool begin_shared(thread_state& t) noexcept {
        lock_shared();
        is_shared_ = true;
        to_ = shared_ring();
        if (!fits(*to_, 2) && !make_room(*to_, 2)) {
            lose();
            return false;
        }
        at_ = to_->head.load(std::memory_order_relaxed);
        *this << record_head(0, record_kind::owner, 2) << std::uint64_t{t.number};
        to_->head.store(at_, std::memory_order_release); // as at the end
        return true;
    }
    CENOTE_COLD void lose() noexcept {
        to_ = nullptr;
        this_process->place->lost.fetch_add(1, std::memory_order_relaxed); // only counted
    }

    ring* to_;
    std::uint64_t at_ = 0;
    bool is_shared_ = false;
};

using stack = cenote::detail::basic_stack_trace<most_frames>;

bool is_ours(const void* address) noexcept {
    return address >= static_cast<const void*>(&__ehdr_start) && address < static_cast<const void*>(&_end);
}

bool is_stack_due(thread_state& t, std::size_t size) noexcept {
    if (this_process->stack_interval == 0) return false;
    t.until_stack -= static_cast<std::int64_t>(std::min<std::size_t>(size, std::size_t{1} << 62U));
    return t.until_stack < 0;
}

// The frames of the program, without the recorder's.
struct program_stack {
    explicit program_stack(thread_state& t) noexcept : all(stack::here()) {
        while (first != all.count && is_ours(all.frames[first]))
            ++first;
        t.until_stack = next_stack(t, this_process->stack_interval);
    }
    std::size_t count() const noexcept { return all.count - first; }
    void write(writing& to) const noexcept {
        for (std::uint32_t i = first; i != all.count; ++i)
            to << all.frames[i];
    }

    stack all;
    std::uint32_t first = 0;
};

constexpr std::uint64_t word_of(event_kind kind) noexcept { return static_cast<std::uint64_t>(kind); }

} // namespace

std::int64_t next_stack(thread_state& t, std::uint64_t interval) noexcept {
    // xorshift64*, Marsaglia 2003; Vigna 2016.
    t.random ^= t.random >> 12U;
    t.random ^= t.random << 25U;
    t.random ^= t.random >> 27U;
    const std::uint64_t bits = (t.random * 0x2545'f491'4f6c'dd1dU) >> 11U | 1U; // 53 of them, not 0
    // -ln(bits / 2^53): the exponent, and of the mantissa's logarithm a polynomial that is right to a ten thousandth.
    const auto width = static_cast<unsigned>(std::bit_width(bits));
    const double m = static_cast<double>(bits) / static_cast<double>(std::uint64_t{1} << (width - 1));
    const double log2_m =
        -2.153620718 + (3.047884191 + (-1.051875031 + 0.1582487010 * m) * m) * m; // of 1 to 2
    const double halvings = 53.0 - static_cast<double>(width - 1) - log2_m;
    return static_cast<std::int64_t>(halvings * 0.6931471805599453 * static_cast<double>(interval));
}

void put_allocation(thread_state& t, event_kind kind, void* p, std::size_t size,
                    unsigned alignment_log2) noexcept {
    const std::uint64_t what = word_of(kind) | std::uint64_t{alignment_log2} << 8U;
    if (is_stack_due(t, size)) [[unlikely]] {
        const program_stack frames(t);
        writing to(t, record_kind::allocate, 5 + frames.count());
        to << p << size << what;
        return frames.write(to);
    }
    writing(t, record_kind::allocate, 5) << p << size << what;
}

void put_release(thread_state& t, event_kind kind, void* p) noexcept {
    writing(t, record_kind::release, 4) << p << word_of(kind);
}
void put_release(thread_state& t, event_kind kind, void* p, std::size_t size) noexcept {
    writing(t, record_kind::release, 5) << p << (word_of(kind) | 256U) << size;
}

void put_realloc_begin(thread_state& t, void* old) noexcept {
    writing(t, record_kind::realloc_begin, 3) << old;
}
void put_realloc_end(thread_state& t, void* old, void* p, std::size_t size) noexcept {
    if (is_stack_due(t, size)) [[unlikely]] {
        const program_stack frames(t);
        writing to(t, record_kind::realloc_end, 5 + frames.count());
        to << p << size << old;
        return frames.write(to);
    }
    writing(t, record_kind::realloc_end, 5) << p << size << old;
}

void put_thread_begin(thread_state& t) noexcept { const writing only(t, record_kind::thread_begin, 2); }
void put_thread_end(thread_state& t) noexcept { const writing only(t, record_kind::thread_end, 2); }
void put_fork(thread_state& t, std::uint32_t process) noexcept {
    writing(t, record_kind::fork, 3) << std::uint64_t{process};
}

} // namespace cenote::tool::record
