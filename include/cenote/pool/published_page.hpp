// Layer: pool. The memory in which a process shows its reports to another: `cenote top`. A file of the kernel's without a name in any
// folder (memfd), which the one finds among the other's open files, and which is gone with them however they end.
//
//     what it is          magic, of which layout, whose
//     wanted              how many snapshots are still wanted; written by both
//     sequence            odd while a snapshot is written
//     head                when that was, how many rows it has, ...
//     row, row, ...       reports of heaps, size classes and named pools, in words
//
// Readers take copies until the sequence was even and the same before and after. Why that is enough: every word is stored
// with release and loaded with acquire. A reader that loads a word of a later snapshot therefore sees the odd number that was stored
// before it, or a later one, when it loads the sequence again, and takes another copy; one that saw only words of one
// snapshot finds the number that it began with (Boehm, 2012, "Can Seqlocks Get Along with Programming Language Memory
// Models?"). There is one writer at a time: publication.hpp sees to that.
#pragma once

#include "cenote/pool/pool_report.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <unistd.h>

namespace cenote::detail {

struct published_head {
    std::uint64_t number = 0;   // of snapshots so far
    std::uint64_t taken = 0;    // milliseconds of CLOCK_MONOTONIC
    std::uint64_t rows = 0;     // a row of no kind is of nobody
    std::uint64_t left_out = 0; // pools without a row, which held less than those that have one
    std::uint64_t cost = 0;     // nanoseconds that all of them took together
};

class alignas(64) published_page {
public:
    static constexpr std::size_t most_rows = 192; // the process heap's, and a hundred more
    static constexpr std::uint64_t right_magic = 0x3130'706f'5474'6e43; // "CntTop01"
    // Changes with all that is laid out here.
    static constexpr std::uint64_t right_layout =
        sizeof(heap_report) << 32 | sizeof(published_head) << 16 | most_rows;
    static constexpr const char* file_name = "cenote-top";

    // By the process, once.
    void begin(std::uint32_t process, std::uint64_t now) noexcept {
        process_ = process;
        began_ = now;
        layout_ = right_layout;
        // Release: pairs with the acquire in is_right(), for what was written before: others find the file before that is done.
        __atomic_store_n(&magic_, right_magic, __ATOMIC_RELEASE);
    }
    // Asked before the two below.
    bool is_right() const noexcept {
        // Acquire: pairs with the release in begin().
        return __atomic_load_n(&magic_, __ATOMIC_ACQUIRE) == right_magic && layout_ == right_layout;
    }
    std::uint32_t process() const noexcept { return process_; } // its number, where it is
    std::uint64_t began() const noexcept { return began_; }     // as `taken`

    // Relaxed, all of them: a number, which orders nothing. What one side takes from what the other adds may get lost, and comes again.
    std::uint64_t wanted() const noexcept { return __atomic_load_n(&wanted_, __ATOMIC_RELAXED); }
    void want(std::uint64_t snapshots) noexcept { __atomic_store_n(&wanted_, snapshots, __ATOMIC_RELAXED); }

    // By the one writer.
    void begin_snapshot() noexcept {
        // Relaxed: the releases of the words that follow keep it before them.
        __atomic_store_n(&sequence_, __atomic_load_n(&sequence_, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
    }
    void put(std::size_t row, const heap_report& r) noexcept { put_words(rows_[row], r); }
    void move(std::size_t from, std::size_t to) noexcept {
        heap_report r;
        get_words(r, rows_[from]);
        put(to, r);
    }
    void end_snapshot(const published_head& head) noexcept {
        put_words(head_, head);
        // Release: who reads this number finds the words that were written before it.
        __atomic_store_n(&sequence_, __atomic_load_n(&sequence_, __ATOMIC_RELAXED) + 1, __ATOMIC_RELEASE);
    }

    // A copy of one snapshot, into `most_rows` rows. False where the writer was at work each time; tries are a tenth of a
    // millisecond apart.
    bool read(published_head& head, heap_report* rows, int tries) const noexcept {
        for (int i = 0; i != tries; ++i) {
            if (i != 0) ::usleep(100); // its thread may have lost its processor
            // Acquire: pairs with the release of end_snapshot().
            const std::uint64_t before = __atomic_load_n(&sequence_, __ATOMIC_ACQUIRE);
            if (before % 2 != 0) continue;
            get_words(head, head_);
            if (head.rows > most_rows) head.rows = most_rows; // nobody is believed
            for (std::size_t row = 0; row != head.rows; ++row) {
                get_words(rows[row], rows_[row]);
                rows[row].name[sizeof rows->name - 1] = rows[row].kind[sizeof rows->kind - 1] = '\0';
            }
            // Relaxed: the acquires before it keep it behind them.
            if (__atomic_load_n(&sequence_, __ATOMIC_RELAXED) == before) return true;
        }
        return false;
    }

private:
    static_assert(sizeof(heap_report) % 8 == 0 && sizeof(published_head) % 8 == 0);

    template <std::size_t Words, class T>
    static void put_words(std::uint64_t (&to)[Words], const T& from) noexcept {
        static_assert(sizeof to == sizeof from);
        std::uint64_t words[Words];
        std::memcpy(words, &from, sizeof from);
        for (std::size_t i = 0; i != Words; ++i)
            __atomic_store_n(&to[i], words[i], __ATOMIC_RELEASE);
    }
    template <std::size_t Words, class T>
    static void get_words(T& to, const std::uint64_t (&from)[Words]) noexcept {
        static_assert(sizeof to == sizeof from);
        std::uint64_t words[Words] = {};
        for (std::size_t i = 0; i != Words; ++i)
            words[i] = __atomic_load_n(&from[i], __ATOMIC_ACQUIRE);
        std::memcpy(static_cast<void*>(&to), words, sizeof to);
    }

    std::uint64_t magic_ = 0;
    std::uint64_t layout_ = 0;
    std::uint64_t began_ = 0;
    std::uint32_t process_ = 0;
    alignas(64) std::uint64_t wanted_ = 0;
    alignas(64) std::uint64_t sequence_ = 0;
    std::uint64_t head_[sizeof(published_head) / 8] = {};
    std::uint64_t rows_[most_rows][sizeof(heap_report) / 8] = {};
};

} // namespace cenote::detail
