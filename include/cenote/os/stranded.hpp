// Layer: os. Memory that was released, and that the OS did not take: where a reservation is a part of what the kernel has as
// one mapping, giving it back makes two of that, and a process may have no more than so many (Linux: 65,530). It is not
// lost: its contents go at once, where the OS takes those, and the piece waits in a list, through its own first bytes,
//
//     stranded -> [ next, bytes, is_zero | ... ] -> [ next, bytes, is_zero | ... ] -> nullptr
//
// for the next release that succeeds, or for a reservation that is refused and finds one large enough.
//
// Thread-safe without a lock, which a fork would have to take: a thread takes the whole list, or pushes; meanwhile others
// find none. What a thread has taken at the moment of a fork is lost to the child.
#pragma once

#include "cenote/base/config.hpp"

#include <cstddef>
#include <new>

#include <sys/mman.h>

namespace cenote::vm {

// By __atomic builtins, since <atomic> takes longer to compile than all that includes this.
class stranded_list {
public:
    constexpr stranded_list() noexcept = default;
    stranded_list(const stranded_list&) = delete;
    stranded_list& operator=(const stranded_list&) = delete;

    // `p` was not taken back. What nobody may write to stays forbidden, and is lost, where the OS refuses that as well.
    CENOTE_COLD void keep(void* p, std::size_t bytes) noexcept {
        if (::mprotect(p, bytes, PROT_READ | PROT_WRITE) != 0) return;
        const bool is_zero = ::madvise(p, bytes, MADV_DONTNEED) == 0;
        auto* const kept = ::new (p) piece{nullptr, bytes, is_zero};
        push(kept, kept);
    }

    // The OS took something back: perhaps it takes more now. Stops at the first piece that it does not take.
    void retry() noexcept {
        // Relaxed: only a hint.
        if (__atomic_load_n(&first_, __ATOMIC_RELAXED) != nullptr) [[unlikely]]
            retry_now();
    }

    // Zeroed memory at a multiple of the OS page, from a piece that has so many bytes; nullptr where none has. O(pieces).
    CENOTE_COLD void* take(std::size_t bytes) noexcept {
        piece* const all = take_all();
        void* found = nullptr;
        piece* kept = all;
        for (piece** link = &kept; *link != nullptr; link = &(*link)->next) {
            piece* const p = *link;
            if (p->bytes < bytes) continue;
            const bool is_zero = p->is_zero;
            p->bytes -= bytes;
            found = reinterpret_cast<std::byte*>(p) + p->bytes;
            if (p->bytes == 0) *link = p->next;
            // Not by memset, for which <cstring> would be needed; this is rare.
            const std::size_t dirty = !is_zero ? bytes : found == p ? sizeof(piece) : 0;
            for (std::size_t i = 0; i != dirty; ++i)
                static_cast<unsigned char*>(found)[i] = 0;
            break;
        }
        push_all(kept);
        return found;
    }

    // Bytes that wait. While others keep, take or retry, a figure of some moment. O(pieces).
    std::size_t bytes() noexcept {
        piece* const all = take_all();
        std::size_t sum = 0;
        for (const piece* p = all; p != nullptr; p = p->next)
            sum += p->bytes;
        push_all(all);
        return sum;
    }

private:
    struct piece {
        piece* next;
        std::size_t bytes;
        bool is_zero; // but for this record
    };

    CENOTE_COLD void retry_now() noexcept {
        piece* left = take_all();
        while (left != nullptr) {
            piece* const next = left->next;
            if (::munmap(left, left->bytes) != 0) break;
            left = next;
        }
        push_all(left);
    }

    // Acquire: pairs with push(); the records of whoever pushed are seen.
    piece* take_all() noexcept { return __atomic_exchange_n(&first_, nullptr, __ATOMIC_ACQUIRE); }

    void push_all(piece* all) noexcept {
        if (all == nullptr) return;
        piece* last = all;
        while (last->next != nullptr)
            last = last->next;
        push(all, last);
    }
    void push(piece* from, piece* to) noexcept {
        // Relaxed: the pieces that it finds are only linked to, not read.
        piece* seen = __atomic_load_n(&first_, __ATOMIC_RELAXED);
        do {
            to->next = seen;
            // Release: pairs with take_all(). No ABA: nothing but the whole list is ever taken.
        } while (
            !__atomic_compare_exchange_n(&first_, &seen, from, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    }

    piece* first_ = nullptr;
};

inline constinit stranded_list stranded;

} // namespace cenote::vm
