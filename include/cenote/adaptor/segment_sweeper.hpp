// Layer: adaptor. Who died, and what becomes of what they owned; and what a shared segment says of itself. adaptor/shared_segment.hpp has the
// protocol.
#pragma once

#include "cenote/adaptor/segment_blocks.hpp"
#include "cenote/adaptor/segment_file.hpp"
#include "cenote/adaptor/segment_layout.hpp"
#include "cenote/adaptor/segment_options.hpp"
#include "cenote/adaptor/segment_words.hpp"
#include "cenote/base/bits.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace cenote::detail {

class segment_sweeper : public segment_blocks {
public:
    constexpr segment_sweeper() noexcept = default;
    segment_sweeper(const segment_sweeper&) = delete;
    segment_sweeper& operator=(const segment_sweeper&) = delete;

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
        // Acquire: pairs with sit_down(), for here_.
        return owner_word{me_.load(std::memory_order_acquire)}.seat();
    }

protected:
    ~segment_sweeper() = default;

    void vacate(std::uint32_t seat, std::uint64_t ending) noexcept {
        const seat_mark free = seat_mark::of(seat_mark{ending}.incarnation() + 1, seat_state::free);
        // Release: pairs with take_seat(). It fails where another sweeper was first.
        file_.seat(seat).mark.compare_exchange_strong(ending, free.value, std::memory_order_release,
                                                      std::memory_order_relaxed);
    }

    object_shape shape_;
    std::uint64_t tag_ = 0;
    participant_id here_;              // written before me_
    std::atomic<std::uint64_t> me_{0}; // the owner bits of here_

private:
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
        segment_sweeper& segment;
        std::atomic<std::uint64_t>* word;
        std::uint64_t mine;
        std::uint64_t me;
        kept_if_cut_off(segment_sweeper& s, std::atomic<std::uint64_t>& w, std::uint64_t is,
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
};

} // namespace cenote::detail
