// Layer: override. Whether a thread kept its processor through a few instructions, without a call of the kernel.
//
// Restartable sequences (rseq(2), Linux 4.18) let a thread name a piece of code in a word of its own; the kernel sets that word to
// null when it takes the processor away, or delivers a signal, while the thread is not in that code. The piece that is named here
// is empty: the thread is never in it, and nothing is ever restarted. glibc registers the word, from 2.35 on; where nobody does, no
// interruption shows.
#pragma once

#include <cstddef>
#include <cstdint>

#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

namespace cenote::detail::counting {

#if __has_include(<sys/rseq.h>) && defined(RSEQ_SIG)

// The kernel wants its signature in front of where a sequence would be restarted, which lies outside of it.
struct empty_sequence {
    std::uint32_t signature = RSEQ_SIG;
    std::uint32_t restart = 0;
};
inline constinit empty_sequence nowhere;
inline constinit struct rseq_cs no_sequence {};

inline struct rseq* this_rseq() noexcept {
    if (__rseq_size == 0) return nullptr;
    return reinterpret_cast<struct rseq*>(static_cast<char*>(__builtin_thread_pointer()) + __rseq_offset);
}

inline void watch_for_interruptions() noexcept {
    struct rseq* const mine = this_rseq();
    if (mine == nullptr) return;
    // Always the same values, whoever writes them first.
    const auto restart = reinterpret_cast<std::uintptr_t>(&nowhere.restart);
    __atomic_store_n(&no_sequence.start_ip, restart - 8, __ATOMIC_RELAXED);
    __atomic_store_n(&no_sequence.abort_ip, restart, __ATOMIC_RELAXED);
    __atomic_store_n(&mine->rseq_cs, reinterpret_cast<std::uintptr_t>(&no_sequence), __ATOMIC_RELAXED);
    asm volatile("" ::: "memory");
}

// Since the last call of the one above.
inline bool was_uninterrupted() noexcept {
    struct rseq* const mine = this_rseq();
    if (mine == nullptr) return true;
    asm volatile("" ::: "memory");
    const bool is_there = __atomic_load_n(&mine->rseq_cs, __ATOMIC_RELAXED) != 0;
    __atomic_store_n(&mine->rseq_cs, 0, __ATOMIC_RELAXED);
    return is_there;
}

#else

inline void watch_for_interruptions() noexcept {}
inline bool was_uninterrupted() noexcept { return true; }

#endif

} // namespace cenote::detail::counting
