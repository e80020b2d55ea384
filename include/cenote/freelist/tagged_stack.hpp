// Layer: freelist. Rung 6 of the ladder: a free list that any thread may push to and pop from, without a lock.
//
//     head { link, tag } -> [ next ] -> [ next ] -> nullptr
//
// Treiber's stack (1986, "Systems Programming: Coping with Parallelism") with the tag of the IBM System/370's
// manual against ABA: a head that was changed and changed back has another tag, so a swap that was
// prepared before fails.
//
// Why it is right, in short (a model checker goes through it in test/model/tagged_stack.pml):
//   - links are memory that nobody else ever writes, and that stays mapped while any thread may be in here. So
//     a pop may read the link of a block that another thread has taken meanwhile: the value may be stale, the read is
//     an atomic one, and the swap that would use the value fails, because taking the block raised the tag;
//   - a swap that succeeds proves that the head was the same, tag included, since it was read: nothing was pushed or
//     popped in between, so the link is the current one.
//
// Lock-free: a swap fails only because another one succeeded. The tag has 64 bits where 16 bytes can be swapped at
// once, which are never used up; elsewhere 19, and a thread would have to sleep through a multiple of 524,288
// changes, to the one, to be deceived.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/os/lock.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cenote::detail {

struct tagged_link {
    std::atomic<tagged_link*> next{nullptr};
};

#if CENOTE_CAS16
// Pointer and tag side by side, swapped by `lock cmpxchg16b`: which is the processor's, as compilers would call a
// library for it.
class wide_head {
public:
    struct value {
        tagged_link* top;
        std::uint64_t tag;
    };

    // The two halves may be of different moments; a swap against that fails. Acquire: pairs with the swap of a push
    // (a full barrier), so that the link which it wrote is seen.
    value load() const noexcept {
        const std::uint64_t tag = __atomic_load_n(&tag_, __ATOMIC_ACQUIRE);
        return {__atomic_load_n(&top_, __ATOMIC_ACQUIRE), tag};
    }

    // A full barrier. What was there comes back in `seen` when it is something else.
    bool swap(value& seen, tagged_link* top) noexcept {
        bool done;
        asm volatile("lock cmpxchg16b %1"
                     : "=@ccz"(done), "+m"(*this), "+a"(seen.top), "+d"(seen.tag)
                     : "b"(top), "c"(seen.tag + 1)
                     : "memory");
        return done;
    }

private:
    alignas(16) tagged_link* top_ = nullptr;
    std::uint64_t tag_ = 0;
};
#endif

// Pointer and tag in 64 bits: addresses of up to 48 bits, whose lowest three are zero, and 19 bits of tag.
class packed_head {
public:
    struct value {
        tagged_link* top;
        std::uint64_t tag;
    };

    // Acquire: pairs with the release of a push's swap, so that the link which it wrote is seen.
    value load() const noexcept { return unpack(word_.load(std::memory_order_acquire)); }

    // Release: what was done to the block before it was pushed is seen by whoever pops it; acquire: and here it is.
    bool swap(value& seen, tagged_link* top) noexcept {
        std::uint64_t word = pack({seen.top, seen.tag});
        if (word_.compare_exchange_strong(word, pack({top, seen.tag + 1}), std::memory_order_acq_rel,
                                          std::memory_order_acquire))
            return true;
        seen = unpack(word);
        return false;
    }

private:
    static constexpr unsigned address_bits = 45;
    static std::uint64_t pack(value v) noexcept {
        return (reinterpret_cast<std::uintptr_t>(v.top) >> 3) | (v.tag << address_bits);
    }
    static value unpack(std::uint64_t word) noexcept {
        constexpr std::uint64_t mask = (std::uint64_t{1} << address_bits) - 1;
        return {reinterpret_cast<tagged_link*>((word & mask) << 3), word >> address_bits};
    }

    std::atomic<std::uint64_t> word_{0};
};

#if CENOTE_CAS16
using default_head = wide_head;
#else
using default_head = packed_head;
#endif

template <class Head = default_head>
class tagged_stack {
public:
    // Links `first` to `last` are a chain; they go on top in one step.
    void push(tagged_link& first, tagged_link& last) noexcept {
        auto seen = head_.load();
        for (back_off wait;; wait()) {
            // Relaxed: published by the swap.
            last.next.store(seen.top, std::memory_order_relaxed);
            if (head_.swap(seen, &first)) return;
        }
    }
    void push(tagged_link& one) noexcept { push(one, one); }

    // nullptr when empty.
    tagged_link* pop() noexcept {
        auto seen = head_.load();
        for (back_off wait; seen.top != nullptr; wait()) {
            // Relaxed: ordered by how `seen` was read; may be stale, see above.
            tagged_link* const next = seen.top->next.load(std::memory_order_relaxed);
            if (head_.swap(seen, next)) return seen.top;
        }
        return nullptr;
    }

    tagged_link* top() const noexcept { return head_.load().top; }

    // At most `most` links; exact when quiet. O(n).
    std::size_t count(std::size_t most) const noexcept {
        std::size_t n = 0;
        for (const tagged_link* at = top(); at != nullptr && n != most; ++n)
            at = at->next.load(std::memory_order_relaxed);
        return n;
    }

private:
    // Under contention each failure doubles the pause, up to 64: fewer swaps that fail, so more that succeed.
    class back_off {
    public:
        void operator()() noexcept {
            for (unsigned i = 0; i != pauses_; ++i)
                spin_pause();
            pauses_ = pauses_ == 64 ? 64 : pauses_ * 2;
        }

    private:
        unsigned pauses_ = 1;
    };

    Head head_;
};

} // namespace cenote::detail
