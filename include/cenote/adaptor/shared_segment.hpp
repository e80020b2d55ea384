// Layer: adaptor. The protocol by which processes share a segment, any of which may be killed at any instruction.
//
// Every change is one compare-and-swap on one word, so a death between two instructions leaves no half of anything:
//
//     claim     free(g)            -> making(me, g)    the block is mine, and whoever sees me dead may free it
//     publish   making(me, g)      -> live(me, g)      handles of generation g find it
//     release   live(any, g)       -> free(g + 1)      by anybody; the handles are stale
//     hand on   live(any, g)       -> live(other, g)   adopt, give_to, keep
//     salvage   live(dead, g)      -> leaving(me, g)   -> free(g + 1), or live(me, g)
//
//     join      (kernel's mark)    free(n) -> taken(n)
//     end       taken(n)           -> ending(n)        once the kernel's mark is free: its holder died
//     leave     ending(n)          -> free(n + 1)      after a look at every owner word that began after `end`
//
// The words are all there is to know; the rest are hints, and whoever finds nothing by them looks at all words.
//
// Proof sketch. Let "p is current" be: p's seat is taken, with p's incarnation.
// 1. Who lives is current. A seat is taken by whoever holds the kernel's mark for it alone, before it is marked taken, for life.
//    Only `end` makes it something else, and only after it saw taken(n) first and the mark free then: that was p's, or p is gone,
//    since nobody takes a mark's place while the seat is not free. (A joiner that finds the seat not free after all gives the mark
//    back; meanwhile a dead one looks alive, which only delays.)
// 2. What a current participant owns is nobody else's to free but by `release`. `salvage` and `sweep` change a word only if its
//    owner was seen not current after the word was read: a word of p's is written after p's join (release on each claim, acquire on
//    each look), so p was current before, and is gone now. No incarnation is current twice (but see below).
// 3. What somebody gone owns is freed. Each sweep looks at all words and frees those of owners who are not current, so nothing
//    depends on which deaths it noticed, nor on when a word changed hands: what it missed the next one finds.
// 4. Any of these may die anywhere: between two steps there is nothing but words as above, so 2 and 3 hold for whoever comes next. A
//    sweeper that dies leaves seats `ending` and words `leaving`, whose owner is then gone as well.
// 5. No block is owned by two: claim, release and salvage are swaps of the exact word that was read, and the generation in it is
//    new at each release.
//
// Incarnations have 16 bits in owner words, generations 32: after 65,536 participants in one seat, or 2^32 - 1 objects in
// one block, what is older than that many is taken for what is there. For an owner that means freed later, with the other's; for a
// handle, found where it should not be.
//
// test/model/shared_segment.pml has the protocol with deaths at every step.
#pragma once

#include "cenote/adaptor/segment_file.hpp"
#include "cenote/adaptor/segment_layout.hpp"
#include "cenote/adaptor/segment_options.hpp"
#include "cenote/adaptor/segment_sweeper.hpp"
#include "cenote/adaptor/segment_words.hpp"
#include "cenote/os/lock.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <pthread.h>
#include <unistd.h>
#include <utility>

namespace cenote::detail {

class shared_segment;

// The open segments of this process, for forks. Constant-initialised, never destroyed.
struct open_segments {
    short_lock lock; // of the list, and of joins
    shared_segment* newest = nullptr;
    bool handles_forks = false;
};
inline constinit open_segments segments_here;

class shared_segment : public segment_sweeper {
public:
    constexpr shared_segment() noexcept = default;
    shared_segment(const shared_segment&) = delete;
    shared_segment& operator=(const shared_segment&) = delete;
    ~shared_segment() { close(); }

    // `where` is a path or a descriptor. Who only reads has no seat.
    template <class Where>
    segment_result open(Where where, object_shape shape, const segment_options& asked,
                        bool writable) noexcept {
        // Over all of it: no child of a fork shall have the descriptor and not know of it.
        const locked_scope lock(segments_here.lock);
        if (is_open()) return {segment_error::in_use, 0};
        if (asked.exclusive && !writable) return {segment_error::bad_argument, 0};
        if (const segment_result r = file_.open(where, shape, asked, writable); !r.is_fine()) return r;
        shape_ = shape;
        tag_ = asked.tag;
        exclusive_ = asked.exclusive;
        writable_ = writable;
        const segment_result joined = writable ? join() : pass_gate();
        if (joined.is_fine())
            enlist();
        else
            file_.close();
        return joined;
    }

    // What this participant still owns is freed. O(capacity).
    void close() noexcept {
        if (!is_open()) return;
        const locked_scope lock(segments_here.lock);
        if (seat_here() != 0) leave();
        strike_out();
        file_.close();
    }

    bool is_writable() const noexcept { return writable_; }

    participant_id id() noexcept { return me_or_join() == 0 ? participant_id{} : here_; }

    // The owner bits of this participant; 0 where it has no seat, nor gets one.
    std::uint64_t me_or_join() noexcept {
        // Acquire: pairs with sit_down(), so that what this thread claims comes after the seat was taken, whoever took it.
        const std::uint64_t me = me_.load(std::memory_order_acquire);
        return me != 0 ? me : join_after_fork();
    }

private:
    static constexpr unsigned gate = 0; // of the kernel's marks; seats have those of their numbers

    // What follows is done under segments_here.lock.

    segment_result pass_gate() noexcept {
        const auto how = exclusive_ ? shared_memory::mark::alone : shared_memory::mark::shared;
        const int error = shared_memory::hold(file_.descriptor(), gate, how);
        if (error == EAGAIN) return {segment_error::in_use, 0};
        return error == 0 ? segment_result{} : segment_result{segment_error::os, error};
    }

    segment_result join() noexcept {
        if (const segment_result passed = pass_gate(); !passed.is_fine()) return passed;
        // Seats of the dead are no use before they were swept.
        if (take_seat()) return {};
        sweep();
        if (take_seat()) return {};
        return {segment_error::no_seat, 0};
    }

    bool take_seat() noexcept {
        for (std::uint32_t seat = 1; seat <= file_.seats(); ++seat) {
            if (mark_of(seat).state() != seat_state::free) continue;
            if (shared_memory::hold(file_.descriptor(), seat, shared_memory::mark::alone) != 0) continue;
            // Now nobody else joins here; somebody may have, and died, since it was seen free.
            std::uint64_t mark = mark_of(seat).value;
            const std::uint32_t incarnation = seat_mark{mark}.incarnation();
            // Acquire: pairs with vacate(). Release: who sees a word of ours sees the seat taken.
            if (seat_mark{mark}.state() == seat_state::free &&
                file_.seat(seat).mark.compare_exchange_strong(
                    mark, seat_mark::of(incarnation, seat_state::taken).value, std::memory_order_acq_rel,
                    std::memory_order_relaxed)) {
                sit_down({seat, incarnation});
                return true;
            }
            shared_memory::let_go(file_.descriptor(), seat);
        }
        return false;
    }

    void sit_down(participant_id me) noexcept {
        // Relaxed: for people.
        file_.seat(me.seat).process.store(static_cast<std::uint32_t>(::getpid()), std::memory_order_relaxed);
        scatter_starts(me.seat);
        here_ = me;
        me_.store(owner_word::bits_of(me), std::memory_order_release); // pairs with me_or_join()
    }

    // Frees what this participant owns, and its seat.
    void leave() noexcept {
        // Relaxed: no other thread uses it any more.
        const std::uint64_t mine = me_.exchange(0, std::memory_order_relaxed);
        std::uint64_t mark = seat_mark::of(here_.incarnation, seat_state::taken).value;
        const seat_mark ending = seat_mark::of(here_.incarnation, seat_state::ending);
        // Release: as in end_if_dead(). It fails where this process was taken for dead; then all is done that is to be done.
        if (!file_.seat(here_.seat)
                 .mark.compare_exchange_strong(mark, ending.value, std::memory_order_release,
                                               std::memory_order_relaxed))
            return;
        for (std::uint32_t i = 0; i != capacity(); ++i)
            if (owner_word w = word_of(i); w.owner_bits() == mine && !w.is_free() && free_word(i, w.value))
                note_free(i);
        vacate(here_.seat, ending.value);
    }

    // In the child of a fork, at its first use.
    [[gnu::noinline]] std::uint64_t join_after_fork() noexcept {
        if (!is_open() || !writable_) return 0;
        const locked_scope lock(segments_here.lock);
        // Relaxed: only written under the lock.
        if (me_.load(std::memory_order_relaxed) == 0 && file_.descriptor() >= 0) static_cast<void>(join());
        return me_.load(std::memory_order_relaxed);
    }

    void enlist() noexcept {
        if (!segments_here.handles_forks)
            // Without memory for the handlers, a child counts as its parent: dead when both are.
            segments_here.handles_forks = ::pthread_atfork(before_fork, after_in_parent, after_in_child) == 0;
        older_ = std::exchange(segments_here.newest, this);
    }
    void strike_out() noexcept {
        shared_segment** at = &segments_here.newest;
        while (*at != this)
            at = &(*at)->older_;
        *at = older_;
    }

    static void before_fork() noexcept { segments_here.lock.lock(); }
    static void after_in_parent() noexcept { segments_here.lock.unlock(); }
    static void after_in_child() noexcept {
        for (shared_segment* s = segments_here.newest; s != nullptr; s = s->older_) {
            s->me_.store(0, std::memory_order_relaxed); // relaxed: there is one thread
            s->here_ = {};
            if (s->file_.open_again(s->writable_) && !s->writable_) static_cast<void>(s->pass_gate());
        }
        segments_here.lock.unlock();
    }

    bool exclusive_ = false;
    bool writable_ = false;
    shared_segment* older_ = nullptr;
};

} // namespace cenote::detail
