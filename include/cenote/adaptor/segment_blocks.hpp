// Layer: adaptor. The blocks of a shared segment: claimed, published, handed on and freed, each by one compare-and-swap on the block's
// owner word. adaptor/shared_segment.hpp says what follows from that.
#pragma once

#include "cenote/adaptor/segment_file.hpp"
#include "cenote/adaptor/segment_layout.hpp"
#include "cenote/adaptor/segment_words.hpp"
#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/base/units.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cenote::detail {

// Where each thread looks for a free block first has to do with where this lies.
inline thread_local char place_of_thread = 0;

class segment_blocks {
public:
    static constexpr std::uint32_t none = 0xFFFF'FFFFU;

    constexpr segment_blocks() noexcept = default;
    segment_blocks(const segment_blocks&) = delete;
    segment_blocks& operator=(const segment_blocks&) = delete;

    bool is_open() const noexcept { return file_.is_open(); }
    const segment_file& file() const noexcept { return file_; }
    std::uint32_t capacity() const noexcept { return file_.capacity(); }

    // A block in state `making`; none where there is none. O(1) near where this thread last had or freed a block, else what
    // lies between; O(capacity) where the segment is full.
    std::uint32_t claim(std::uint64_t me) noexcept {
        std::atomic<std::uint32_t>& start = start_here();
        // Relaxed: a hint.
        const std::uint32_t at = start.load(std::memory_order_relaxed);
        const std::uint32_t found = try_claim(at, me) ? at : claim_slowly(at, me);
        if (found != none) [[likely]]
            start.store(found + 1 < capacity() ? found + 1 : 0, std::memory_order_relaxed);
        return found;
    }

    // Of a block that this participant claimed. Returns its generation.
    std::uint32_t publish(std::uint32_t block, std::uint64_t me) noexcept {
        std::atomic<std::uint64_t>& word = file_.word(block);
        // Relaxed: nobody else changes what I claimed.
        std::uint64_t seen = word.load(std::memory_order_relaxed);
        const owner_word made = owner_word{seen}.in(block_state::live, me);
        // Release: pairs with the acquires of live_object() and of whoever visits, who then see the object whole. A swap where a store
        // would do while everybody keeps to the rules: if this process was taken for dead, the block may be another's.
        if (owner_word{seen}.state() != block_state::making || owner_word{seen}.owner_bits() != me ||
            !word.compare_exchange_strong(seen, made.value, std::memory_order_release,
                                          std::memory_order_relaxed)) [[unlikely]]
            taken_for_dead();
        return made.generation();
    }

    // A claimed block back, in which nothing was made.
    void unclaim(std::uint32_t block, std::uint64_t me) noexcept {
        std::atomic<std::uint64_t>& word = file_.word(block);
        std::uint64_t seen = word.load(std::memory_order_relaxed); // relaxed: as in publish()
        if (owner_word{seen}.state() == block_state::making && owner_word{seen}.owner_bits() == me &&
            free_word(block, seen))
            note_free(block);
    }

    // nullptr where there is no such object.
    void* live_object(std::uint32_t block, std::uint32_t generation) const noexcept {
        if (block >= capacity()) [[unlikely]]
            return nullptr;
        // Acquire: pairs with publish() and give().
        const owner_word w{file_.word(block).load(std::memory_order_acquire)};
        return w.is_live(generation) ? file_.block(block) : nullptr;
    }

    // The word of a block, whatever it says.
    owner_word word_of(std::uint32_t block) const noexcept {
        return {file_.word(block).load(std::memory_order_acquire)}; // acquire: as in live_object()
    }

    // False where there is no such object.
    bool release(std::uint32_t block, std::uint32_t generation) noexcept {
        if (block >= capacity()) [[unlikely]]
            return false;
        // Relaxed: the swap is what counts.
        std::uint64_t seen = file_.word(block).load(std::memory_order_relaxed);
        while (owner_word{seen}.is_live(generation)) // more than once only where it changes hands meanwhile
            if (free_word(block, seen)) {
                note_free(block);
                return true;
            }
        return false;
    }

    // To another owner. False where there is no such object.
    bool give(std::uint32_t block, std::uint32_t generation, std::uint64_t owner_bits) noexcept {
        if (block >= capacity()) [[unlikely]]
            return false;
        std::atomic<std::uint64_t>& word = file_.word(block);
        std::uint64_t seen = word.load(std::memory_order_relaxed); // relaxed: as in release()
        while (owner_word{seen}.is_live(generation)) {
            const owner_word given = owner_word{seen}.in(block_state::live, owner_bits);
            // Release: who sees the new owner sees what the old one wrote, and its seat taken. Acquire: the new owner sees it too.
            if (word.compare_exchange_weak(seen, given.value, std::memory_order_acq_rel,
                                           std::memory_order_relaxed))
                return true;
        }
        return false;
    }

    static bool is_kept(owner_word w) noexcept {
        return w.state() == block_state::live && w.owner_bits() == 0;
    }

protected:
    ~segment_blocks() = default;

    [[noreturn]] CENOTE_COLD void taken_for_dead() const noexcept {
        fail_with(
            "shared segment: this process was taken for dead: somebody gave its mark on the file back, by a "
            "copy of descriptor %d",
            file_.descriptor());
    }

    bool free_word(std::uint32_t block, std::uint64_t& seen) noexcept {
        // Release, for try_claim(); sequentially consistent, for note_free().
        return file_.word(block).compare_exchange_strong(
            seen, owner_word{seen}.freed().value, std::memory_order_seq_cst, std::memory_order_relaxed);
    }

    // A group is marked full by who found it so, and looked again after: either that one sees the block free, or this one the mark.
    // All four sequentially consistent. A death in between leaves a wrong mark, for claim_slowly().
    void note_free(std::uint32_t block) noexcept {
        start_here().store(block, std::memory_order_relaxed); // relaxed: a hint
        std::atomic<std::uint8_t>& full =
            file_.full(static_cast<std::uint32_t>(block / segment_layout::group));
        if (full.load(std::memory_order_seq_cst) != 0) [[unlikely]]
            full.store(0, std::memory_order_seq_cst);
    }

    void scatter_starts(std::uint32_t seat) noexcept {
        // Participants and threads begin far from each other.
        for (std::uint32_t i = 0; i != starts; ++i) {
            const std::uint32_t anywhere = (seat * starts + i) * 0x9E37'79B9U; // as in start_here()
            const auto group = static_cast<std::uint32_t>(std::uint64_t{anywhere} * file_.groups() >> 32);
            starts_[i].block.store(first_of(group), std::memory_order_relaxed); // relaxed: a hint
        }
    }

    segment_file file_;

private:
    static constexpr std::uint32_t starts = 16;

    struct alignas(cache_line) search_start {
        std::atomic<std::uint32_t> block{0};
    };

    std::atomic<std::uint32_t>& start_here() noexcept {
        constexpr std::uint64_t odd = 0x9E37'79B9'7F4A'7C15U; // Fibonacci hashing: Knuth, 1973
        return starts_[address_of(&place_of_thread) * odd >> 60].block;
    }

    bool try_claim(std::uint32_t block, std::uint64_t me) noexcept {
        std::atomic<std::uint64_t>& word = file_.word(block);
        std::uint64_t seen = word.load(std::memory_order_relaxed); // relaxed: the swap is what counts
        // Acquire: pairs with free_word(), so that what the last owner did with the block comes before what this one does. Release:
        // who reads this word sees this seat taken.
        return owner_word{seen}.is_free() &&
               word.compare_exchange_strong(seen, owner_word{seen}.in(block_state::making, me).value,
                                            std::memory_order_acq_rel, std::memory_order_relaxed);
    }

    void note_full(std::uint32_t group) noexcept {
        std::atomic<std::uint8_t>& full = file_.full(group);
        full.store(1, std::memory_order_seq_cst); // as said at note_free()
        for (std::uint32_t i = first_of(group); i != end_of(group); ++i)
            if (owner_word{file_.word(i).load(std::memory_order_seq_cst)}.is_free()) {
                full.store(0, std::memory_order_seq_cst);
                return;
            }
    }

    static std::uint32_t first_of(std::uint32_t group) noexcept {
        return group * static_cast<std::uint32_t>(segment_layout::group);
    }
    std::uint32_t end_of(std::uint32_t group) const noexcept {
        return group + 1 < file_.groups() ? first_of(group + 1) : capacity();
    }

    // From `at` on, group by group: first those that are not marked full, then all.
    [[gnu::noinline]] std::uint32_t claim_slowly(std::uint32_t at, std::uint64_t me) noexcept {
        const auto first = static_cast<std::uint32_t>(at / segment_layout::group);
        for (const bool believe_marks : {true, false})
            for (std::uint32_t n = 0; n != file_.groups(); ++n) {
                const std::uint32_t group =
                    n < file_.groups() - first ? first + n : n - (file_.groups() - first);
                // Relaxed: a hint.
                if (believe_marks && file_.full(group).load(std::memory_order_relaxed) != 0) continue;
                const std::uint32_t found = claim_in(group, n == 0 ? at : first_of(group), me);
                if (found != none) {
                    if (!believe_marks)
                        file_.full(group).store(0, std::memory_order_seq_cst); // as note_free()
                    return found;
                }
                if (believe_marks) note_full(group);
            }
        return none;
    }
    std::uint32_t claim_in(std::uint32_t group, std::uint32_t from, std::uint64_t me) noexcept {
        for (std::uint32_t i = from; i != end_of(group); ++i)
            if (try_claim(i, me)) return i;
        for (std::uint32_t i = first_of(group); i != from; ++i)
            if (try_claim(i, me)) return i;
        return none;
    }

    search_start starts_[starts];
};

} // namespace cenote::detail
