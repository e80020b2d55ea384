// Layer: pool. The records of all named pools of the process: each is written by its pool, at slow paths, and read by whoever
// wants a report. No lock anywhere, so none to take across a fork, and none for a pool to wait for:
//
//     groups_[0] -> [ record | record | ... 64 ]         records never move and are never unmapped, so that
//     groups_[1] -> [ record | ...          128 ]        whoever reads one reads memory, whatever becomes of its pool
//     groups_[2] -> ...
//     free_      -> record -> record                     those of pools that died, for pools that come
//
// A record's figures are written under a sequence number, odd while that lasts: who reads them takes copies until the number
// was even and the same before and after; name and kind are good while the pool's number stays the same. Every field is an
// atomic: the writer's stores release, the reader's loads acquire, so that neither side's look at the number moves past them
// (Boehm, 2012, "Can Seqlocks Get Along with Programming Language Memory Models?"). A record has one writer at a time: its pool's lock, or the pool's one thread, sees to that.
//
// The list of free records is that of freelist/tagged_stack.hpp (proved in test/model/tagged_stack.pml), with numbers in
// place of pointers, so that both halves fit in 64 bits. It is not that file's, and its atomics are the compiler's, since
// object_pool.hpp needs this one and takes no header of the standard library's for it.
//
// The other table of pools, pool/registry.hpp, has the pools that threads share, named or not, with their locks, for
// forks: a member there lies in its pool, has locks and an order; a record here outlives its pool, and has none.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/os/vm.hpp"
#include "cenote/pool/pool_report.hpp"

#include <cstddef>
#include <cstdint>
#include <unistd.h>

namespace cenote::detail {

class alignas(64) pool_record {
public:
    // By the pool's thread, or under its lock.
    void begin(const char* name, const char* kind, std::uint64_t id) noexcept {
        write([&] {
            copy_text(it_.name, name);
            copy_text(it_.kind, kind);
            for (std::size_t pool_report::*const figure : figures)
                put(it_.*figure, std::size_t{0});
            for (std::uint64_t pool_report::*const count : counts)
                put(it_.*count, std::uint64_t{0});
            put(it_.id, id);
        });
    }
    // No pool's any more.
    void end() noexcept {
        write([&] { put(it_.id, std::uint64_t{0}); });
    }
    template <class Change>
    void write(Change change) noexcept {
        // Relaxed: the releases of the fields that follow keep it before them.
        const std::uint64_t before = __atomic_load_n(&sequence_, __ATOMIC_RELAXED);
        __atomic_store_n(&sequence_, before + 1, __ATOMIC_RELAXED);
        change();
        // Release: who reads this number finds the fields that were written before it.
        __atomic_store_n(&sequence_, before + 2, __ATOMIC_RELEASE);
    }
    // Release: pairs with the acquire of get(), so that a reader which sees the field sees the odd number as well.
    template <class Number>
    static void put(Number& to, Number value) noexcept {
        __atomic_store_n(&to, value, __ATOMIC_RELEASE);
    }
    // Cut where it does not fit.
    template <std::size_t N>
    static void copy_text(char (&to)[N], const char* from) noexcept {
        std::size_t i = 0;
        for (; i != N - 1 && from[i] != '\0'; ++i)
            put(to[i], from[i]);
        // A character of several bytes is not cut in two.
        if (i == N - 1)
            while (i != 0 && (static_cast<unsigned char>(from[i]) & 0xC0) == 0x80)
                --i;
        put(to[i], '\0');
    }
    // By the writer, whose own stores these are.
    pool_report& mine() noexcept { return it_; }
    const char* name() const noexcept { return it_.name; }

    enum class reading : std::uint8_t { good, none, busy };
    static constexpr int most_tries = 100'000; // some 30 ms, where no writer will go on
    static constexpr int few_tries = 200;      // and those who do not wait

    // A copy of one moment; none where no pool has the record. Where a writer stopped halfway, which after most_tries only the
    // child of a fork can find, the figures are each sound, but of two moments; with fewer tries it is busy.
    bool read(pool_report& out) const noexcept { return read(out, most_tries) == reading::good; }
    reading read(pool_report& out, int tries) const noexcept {
        for (int i = 0;; ++i) {
            const bool is_last = i == tries;
            if (is_last && tries != most_tries) return reading::busy;
            if (i % 256 == 255) ::usleep(1); // its writer was preempted, perhaps
            // Acquire: pairs with the release at the end of write().
            const std::uint64_t before = __atomic_load_n(&sequence_, __ATOMIC_ACQUIRE);
            if (before % 2 != 0 && !is_last) continue;
            out.id = get(it_.id);
            if (out.id == 0) return reading::none;
            for (std::size_t pool_report::*const figure : figures)
                out.*figure = get(it_.*figure);
            for (std::uint64_t pool_report::*const count : counts)
                out.*count = get(it_.*count);
            // Relaxed: the acquires before it keep it behind them.
            if (__atomic_load_n(&sequence_, __ATOMIC_RELAXED) == before || is_last) break;
        }
        // These are the pool's for life: as long as the number is the same, so are they.
        take_text(out.name, it_.name);
        take_text(out.kind, it_.kind);
        return __atomic_load_n(&it_.id, __ATOMIC_RELAXED) == out.id ? reading::good : reading::none;
    }

    // The table's: where the record is, and which follows it in the list of free ones: number + 1, 0: none; atomic.
    std::uint64_t number = 0;
    std::uint64_t next = 0;

private:
    static constexpr std::size_t pool_report::*figures[] = {
        &pool_report::block_size, &pool_report::live,  &pool_report::peak,       &pool_report::capacity,
        &pool_report::limit,      &pool_report::bytes, &pool_report::peak_bytes, &pool_report::opened,
        &pool_report::segments,   &pool_report::slabs};
    static constexpr std::uint64_t pool_report::*counts[] = {&pool_report::refused, &pool_report::refills,
                                                             &pool_report::flushes};

    template <class Number>
    static Number get(const Number& from) noexcept {
        return __atomic_load_n(&from, __ATOMIC_ACQUIRE);
    }
    template <std::size_t N>
    static void take_text(char (&to)[N], const char (&from)[N]) noexcept {
        for (std::size_t i = 0; i != N - 1; ++i)
            if ((to[i] = get(from[i])) == '\0') return;
        to[N - 1] = '\0';
    }

    std::uint64_t sequence_ = 0;
    pool_report it_;
};

// What visits reports; returns nothing, allocates nothing.
using report_visitor = void (*)(void* context, const heap_report&);

// What a teller is asked for. Who may not wait is not told of what is locked.
enum class telling : std::uint8_t { heaps, size_classes_too, size_classes_too_without_waiting };

// Reports of what has no records here: the heaps, which are compiled, and tell that they are there. False where not all was
// told, as something was locked.
struct report_teller {
    bool (*tell)(telling what, report_visitor visit, void* context) noexcept;
    report_teller* next = nullptr;
};

// What pools that are gone have counted.
struct ended_pools {
    std::uint64_t pools = 0;
    std::uint64_t refused = 0;
    std::uint64_t refills = 0;
    std::uint64_t flushes = 0;
};

class record_table {
public:
    constexpr record_table() noexcept = default;
    record_table(const record_table&) = delete;
    record_table& operator=(const record_table&) = delete;

    // A record for a pool of that name; nullptr where the OS has no memory for it. O(1).
    CENOTE_COLD pool_record* take(const char* name, const char* kind) noexcept {
        pool_record* r = pop();
        if (r == nullptr) r = fresh();
        if (r != nullptr) r->begin(name, kind, next_id());
        return r;
    }
    // Relaxed: only that it is another number each time matters.
    std::uint64_t next_id() noexcept { return __atomic_add_fetch(&births_, 1, __ATOMIC_RELAXED); }
    // O(1).
    CENOTE_COLD void give(pool_record& r) noexcept {
        const pool_report& last = r.mine();
        // Relaxed: counts order nothing.
        __atomic_fetch_add(&ended_.pools, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&ended_.refused, last.refused, __ATOMIC_RELAXED);
        __atomic_fetch_add(&ended_.refills, last.refills, __ATOMIC_RELAXED);
        __atomic_fetch_add(&ended_.flushes, last.flushes, __ATOMIC_RELAXED);
        r.end();
        push(r);
    }

    // The record at that address, nullptr where none is. O(log records).
    pool_record* find(const void* p) const noexcept {
        if (p == nullptr) return nullptr;
        for (unsigned g = 0; g != most_groups; ++g) {
            // Acquire: pairs with the release in fresh().
            pool_record* const group = __atomic_load_n(&groups_[g], __ATOMIC_ACQUIRE);
            if (group == nullptr) return nullptr;
            const std::size_t offset = address_of(p) - address_of(group);
            if (offset < (first_group << g) * sizeof(pool_record))
                return group + offset / sizeof(pool_record);
        }
        return nullptr;
    }

    // Calls visit(const pool_report&) for each pool, from those with the lowest numbers on; pools that come or go meanwhile may
    // be missed. O(records ever needed at once).
    template <class Visit>
    void for_each(Visit&& visit) const {
        for_each(pool_record::most_tries, visit);
    }
    // As that, without waiting for writers: what is being written at this moment is missed, then false.
    template <class Visit>
    bool for_each_without_waiting(Visit&& visit) const {
        return for_each(pool_record::few_tries, visit);
    }
    ended_pools ended() const noexcept {
        // Relaxed: counts order nothing.
        return {__atomic_load_n(&ended_.pools, __ATOMIC_RELAXED),
                __atomic_load_n(&ended_.refused, __ATOMIC_RELAXED),
                __atomic_load_n(&ended_.refills, __ATOMIC_RELAXED),
                __atomic_load_n(&ended_.flushes, __ATOMIC_RELAXED)};
    }

    // Called at the end of pools' slow paths from now on, under their locks, by any thread; nullptr: nothing is.
    using watcher = void (*)() noexcept;
    void set_watcher(watcher w) noexcept {
        // Release: pairs with the acquire of note(), for what `w` needs.
        __atomic_store_n(&watcher_, w, __ATOMIC_RELEASE);
    }
    void note() const noexcept {
        // Acquire: pairs with the release of set_watcher().
        if (const watcher w = __atomic_load_n(&watcher_, __ATOMIC_ACQUIRE)) [[unlikely]]
            w();
    }

    // For good; once each.
    void add(report_teller& t) noexcept {
        // Release: pairs with the acquire of tellers().
        t.next = __atomic_load_n(&tellers_, __ATOMIC_RELAXED);
        while (
            !__atomic_compare_exchange_n(&tellers_, &t.next, &t, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
        }
    }
    const report_teller* tellers() const noexcept { return __atomic_load_n(&tellers_, __ATOMIC_ACQUIRE); }

private:
    static constexpr std::uint64_t first_group = 64;
    static constexpr std::size_t most_groups = 25; // more than two thousand million records

    // False where one could not be read.
    template <class Visit>
    bool for_each(int tries, Visit&& visit) const {
        bool is_all = true;
        // Relaxed: a record that is not there yet has no group, or no pool.
        const std::uint64_t end = __atomic_load_n(&fresh_, __ATOMIC_RELAXED);
        for (std::uint64_t i = 0; i < end; ++i) {
            const pool_record* const r = at(i);
            pool_report report;
            if (r == nullptr) continue;
            const auto found = r->read(report, tries);
            if (found == pool_record::reading::good) visit(static_cast<const pool_report&>(report));
            if (found == pool_record::reading::busy) is_all = false;
        }
        return is_all;
    }

    static unsigned group_of(std::uint64_t i) noexcept {
        return static_cast<unsigned>(63 - __builtin_clzll(i / first_group + 1));
    }
    static std::uint64_t before_group(unsigned g) noexcept {
        return first_group * ((std::uint64_t{1} << g) - 1);
    }

    pool_record* at(std::uint64_t i) const noexcept {
        const unsigned g = group_of(i);
        // Acquire: pairs with the release in fresh().
        pool_record* const group = __atomic_load_n(&groups_[g], __ATOMIC_ACQUIRE);
        return group == nullptr ? nullptr : group + (i - before_group(g));
    }

    // The next that was never used; where there is no group for it, whoever is first makes one.
    pool_record* fresh() noexcept {
        // Relaxed: the number is this thread's, whatever else it sees.
        const std::uint64_t i = __atomic_fetch_add(&fresh_, 1, __ATOMIC_RELAXED);
        const unsigned g = group_of(i);
        if (g >= most_groups) return not_used(i);
        pool_record* r = at(i);
        if (r == nullptr) {
            const std::size_t bytes = (first_group << g) * sizeof(pool_record);
            void* const memory = vm::map_anywhere(bytes); // all zeroes, as records of no pool are
            if (memory == nullptr) return not_used(i);
            pool_record* none = nullptr;
            auto* const made = static_cast<pool_record*>(memory);
            // Release: who finds the group may use it. Acquire: the same of another's.
            if (!__atomic_compare_exchange_n(&groups_[g], &none, made, false, __ATOMIC_ACQ_REL,
                                             __ATOMIC_ACQUIRE))
                vm::release(memory, bytes);
            r = at(i);
        }
        r->number = i;
        return r;
    }

    // Gives the number back, where no other thread took the next one meanwhile: there is a try at each slow path of a named pool
    // while the OS has no memory.
    pool_record* not_used(std::uint64_t i) noexcept {
        std::uint64_t after = i + 1;
        __atomic_compare_exchange_n(&fresh_, &after, i, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
        return nullptr;
    }

    pool_record* pop() noexcept {
        // Acquire, both: pair with the release in push(), so that the link which it wrote is seen.
        std::uint64_t seen = __atomic_load_n(&free_, __ATOMIC_ACQUIRE);
        while (static_cast<std::uint32_t>(seen) != 0) {
            pool_record* const r = at(static_cast<std::uint32_t>(seen) - 1);
            // Relaxed: where another thread has it by now, the swap fails.
            const std::uint64_t next = __atomic_load_n(&r->next, __ATOMIC_RELAXED);
            if (__atomic_compare_exchange_n(&free_, &seen, tagged(seen, next), true, __ATOMIC_ACQUIRE,
                                            __ATOMIC_ACQUIRE))
                return r;
        }
        return nullptr;
    }
    void push(pool_record& r) noexcept {
        std::uint64_t seen = __atomic_load_n(&free_, __ATOMIC_RELAXED);
        do {
            __atomic_store_n(&r.next, static_cast<std::uint32_t>(seen), __ATOMIC_RELAXED);
            // Release: who pops it finds the link, and what the last pool wrote.
        } while (!__atomic_compare_exchange_n(&free_, &seen, tagged(seen, r.number + 1), true,
                                              __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    }
    // `seen`, with another top and the next tag.
    static std::uint64_t tagged(std::uint64_t seen, std::uint64_t top) noexcept {
        return ((seen >> 32) + 1) << 32 | static_cast<std::uint32_t>(top);
    }

    pool_record* groups_[most_groups] = {};
    std::uint64_t fresh_ = 0; // the number of the first record that was never used
    std::uint64_t free_ = 0;  // tag, and number + 1 of the top; 0: none
    std::uint64_t births_ = 0;
    ended_pools ended_;
    report_teller* tellers_ = nullptr;
    watcher watcher_ = nullptr;
};

CENOTE_API inline constinit record_table pool_records;

} // namespace cenote::detail
