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

#include "cenote/adaptor/segment_blocks.hpp"
#include "cenote/adaptor/segment_file.hpp"
#include "cenote/adaptor/segment_layout.hpp"
#include "cenote/adaptor/segment_words.hpp"
#include "cenote/os/lock.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <pthread.h>
#include <type_traits>
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

class shared_segment : public segment_blocks {
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

    bool is_current(participant_id p) const noexcept {
        if (p.seat == 0 || p.seat > file_.seats()) return false;
        const seat_mark m = mark_of(p.seat);
        return m.state() == seat_state::taken && m.incarnation() == p.incarnation;
    }

    // Whether the participant that has this seat died: it is marked as taken, and the kernel has no mark. In this order.
    bool is_dead(std::uint32_t seat) const noexcept {
        return mark_of(seat).state() == seat_state::taken && seat != seat_here() && file_.nobody_holds(seat);
    }

    // Ends all who died, and frees what is owned by nobody who is current. `visit(block, generation)` is asked for each object
    // first whether to keep it; what it keeps is `me`'s. Returns how many blocks were freed. May be cut off anywhere.
    template <class Visit>
    std::size_t sweep(std::uint64_t me, Visit&& visit) {
        constexpr std::size_t at_once = 64;
        std::size_t freed = 0;
        std::uint32_t next = 1;
        do {
            struct {
                std::uint32_t seat;
                std::uint64_t mark;
            } ended[at_once];
            std::size_t count = 0;
            for (; next <= file_.seats() && count != at_once; ++next)
                if (const std::uint64_t mark = end_if_dead(next);
                    seat_mark{mark}.state() == seat_state::ending)
                    ended[count++] = {next, mark};
            for (std::uint32_t i = 0; i != capacity(); ++i)
                freed += sweep_block(i, me, visit);
            for (std::size_t i = 0; i != count; ++i)
                vacate(ended[i].seat, ended[i].mark);
        } while (next <= file_.seats());
        return freed;
    }
    // For a participant that is about to go, or to come.
    std::size_t sweep() noexcept { return sweep(0, nullptr); }

    // Stops a process whose seat was taken away while it lives: its objects may be anybody's by now.
    void check_seat() const noexcept {
        if (seat_here() != 0 && !is_current(here_)) taken_for_dead();
    }

    segment_stats stats() const noexcept {
        segment_stats s;
        s.capacity = capacity();
        s.seats = file_.seats();
        s.block_size = file_.layout().block_bytes;
        s.bytes = file_.layout().file_bytes;
        std::uint64_t dead[(owner_word::max_seats + 1) / word_bits] = {};
        for (std::uint32_t seat = 1; seat <= file_.seats(); ++seat) {
            if (mark_of(seat).state() != seat_state::taken) continue;
            const bool died = is_dead(seat);
            ++(died ? s.dead : s.participants);
            dead[seat / word_bits] |= std::uint64_t{died} << seat % word_bits;
        }
        for (std::uint32_t i = 0; i != capacity(); ++i) {
            const owner_word w = word_of(i);
            s.free += w.is_free();
            s.making += w.state() == block_state::making;
            s.live += w.state() == block_state::live || w.state() == block_state::leaving;
            s.kept += is_kept(w);
            s.abandoned += is_orphan(w) ||
                           (!w.is_free() && (dead[w.seat() / word_bits] >> w.seat() % word_bits & 1U) != 0);
        }
        return s;
    }

    // Whether every word is one that the protocol writes; at any time, whatever others do.
    bool valid() const noexcept {
        if (!is_open()) return true;
        if (!file_.header_is(shape_, tag_)) return false;
        for (std::uint32_t seat = 1; seat <= file_.seats(); ++seat)
            if (!mark_of(seat).is_sound()) return false;
        for (std::uint32_t group = 0; group != file_.groups(); ++group)
            if (file_.full(group).load(std::memory_order_relaxed) > 1) return false; // relaxed: a hint
        for (std::uint32_t i = 0; i != capacity(); ++i) {
            const owner_word w = word_of(i);
            if (w.generation() == 0 || w.seat() > file_.seats()) return false;
            if (w.is_free() ? w.owner_bits() != 0 : w.seat() == 0 && !is_kept(w)) return false;
        }
        return true;
    }

    seat_mark mark_of(std::uint32_t seat) const noexcept {
        // Acquire: pairs with take_seat(), end_if_dead() and vacate().
        return {file_.seat(seat).mark.load(std::memory_order_acquire)};
    }
    std::uint32_t seat_here() const noexcept {
        return owner_word{me_.load(std::memory_order_relaxed)}.seat(); // relaxed: nothing is read by it
    }

private:
    static constexpr unsigned gate = 0; // of the kernel's marks; seats have those of their numbers

    // Of whom nobody current is the owner; kept objects are none.
    bool is_orphan(owner_word w) const noexcept {
        if (w.is_free() || is_kept(w)) return false;
        return w.seat() == 0 || w.seat() > file_.seats() || !mark_of(w.seat()).is_owner_of(w);
    }

    // The seat's mark, after.
    std::uint64_t end_if_dead(std::uint32_t seat) noexcept {
        std::uint64_t mark = mark_of(seat).value;
        if (seat_mark{mark}.state() != seat_state::taken || seat == seat_here() || !file_.nobody_holds(seat))
            return mark;
        const seat_mark ending = seat_mark::of(seat_mark{mark}.incarnation(), seat_state::ending);
        // Acquire: what it owned is looked at after. Release: who sees it ending is not behind what this one saw.
        return file_.seat(seat).mark.compare_exchange_strong(mark, ending.value, std::memory_order_acq_rel,
                                                             std::memory_order_acquire)
                   ? ending.value
                   : mark;
    }

    void vacate(std::uint32_t seat, std::uint64_t ending) noexcept {
        const seat_mark free = seat_mark::of(seat_mark{ending}.incarnation() + 1, seat_state::free);
        // Release: pairs with take_seat(). It fails where another sweeper was first.
        file_.seat(seat).mark.compare_exchange_strong(ending, free.value, std::memory_order_release,
                                                      std::memory_order_relaxed);
    }

    template <class Visit>
    std::size_t sweep_block(std::uint32_t block, std::uint64_t me, Visit& visit) {
        owner_word w = word_of(block);
        // The owner is looked at after the word.
        if (!is_orphan(w)) return 0;
        if constexpr (!std::is_same_v<Visit, std::nullptr_t>)
            if (w.state() != block_state::making && w.generation() != 0) {
                std::atomic<std::uint64_t>& word = file_.word(block);
                const owner_word mine = w.in(block_state::leaving, me);
                // Acquire: what its owner wrote is seen by the visitor. Release: as in try_claim().
                if (!word.compare_exchange_strong(w.value, mine.value, std::memory_order_acq_rel,
                                                  std::memory_order_relaxed))
                    return 0; // another sweeper's, or destroyed
                kept_if_cut_off kept{*this, word, mine.value, me};
                if (visit(block, mine.generation())) return 0;
                kept.word = nullptr;
                w = mine;
            }
        if (!free_word(block, w.value)) return 0;
        note_free(block);
        return 1;
    }

    // What a visitor wants, or throws at, is this participant's object.
    struct kept_if_cut_off {
        shared_segment& segment;
        std::atomic<std::uint64_t>* word;
        std::uint64_t mine;
        std::uint64_t me;
        kept_if_cut_off(shared_segment& s, std::atomic<std::uint64_t>& w, std::uint64_t is,
                        std::uint64_t who) noexcept
            : segment(s), word(&w), mine(is), me(who) {}
        ~kept_if_cut_off() {
            // Release: as in publish().
            if (word != nullptr &&
                !word->compare_exchange_strong(mine, owner_word{mine}.in(block_state::live, me).value,
                                               std::memory_order_release, std::memory_order_relaxed))
                segment.taken_for_dead();
        }
        kept_if_cut_off(const kept_if_cut_off&) = delete;
        kept_if_cut_off& operator=(const kept_if_cut_off&) = delete;
    };

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

    object_shape shape_;
    std::uint64_t tag_ = 0;
    bool exclusive_ = false;
    bool writable_ = false;
    participant_id here_;              // written before me_
    std::atomic<std::uint64_t> me_{0}; // the owner bits of here_
    shared_segment* older_ = nullptr;
};

} // namespace cenote::detail
