// Layer: pool. What an engine has of its name: the name alone until the pool is asked for something first, then its record in
// the table of named pools. A pool without a name has the pointer to nothing and pays for it at slow paths only, with one
// look at it.
//
// Not a union with a flag beside it: those who report a broken contract ask for the name under no lock.
#pragma once

#include "cenote/base/algorithm.hpp"
#include "cenote/base/config.hpp"
#include "cenote/pool/pool_report.hpp"
#include "cenote/pool/record_table.hpp"

#include <utility>

namespace cenote::detail {

class pool_label {
public:
    constexpr explicit pool_label(const char* name) noexcept : what_(name) {}
    pool_label(pool_label&& other) noexcept : what_(std::exchange(other.what_, nullptr)) {}
    pool_label& operator=(pool_label&&) = delete;
    ~pool_label() {
        if (pool_record* const r = record()) pool_records.give(*r);
    }

    // Relaxed: never changes but in a move.
    bool is_named() const noexcept { return __atomic_load_n(&what_, __ATOMIC_RELAXED) != nullptr; }
    // nullptr where it has none; as long as the label lives. Any thread may ask.
    const char* name() const noexcept {
        const void* const what = seen();
        const pool_record* const r = pool_records.find(what);
        return r != nullptr ? r->name() : static_cast<const char*>(what);
    }

    // Of a named pool, at the end of a slow path: what it was asked for, and how it is now. One thread at a time.
    CENOTE_COLD void tell(asked what, const char* kind, const pool_state& now) noexcept {
        pool_record* to = record();
        if (to == nullptr) {
            to = pool_records.take(name(), kind);
            if (to == nullptr) return; // no memory for a record: perhaps the next time
            // Release: pairs with the acquire of seen(), so that who finds the record finds a name in it.
            __atomic_store_n(&what_, static_cast<const void*>(to), __ATOMIC_RELEASE);
        }
        pool_report& mine = to->mine();
        to->write([&] {
            pool_record::put(mine.block_size, now.block_size);
            pool_record::put(mine.live, now.live);
            pool_record::put(mine.peak, detail::max(mine.peak, now.live));
            pool_record::put(mine.capacity, now.capacity);
            pool_record::put(mine.limit, now.limit);
            pool_record::put(mine.bytes, now.bytes);
            pool_record::put(mine.peak_bytes, detail::max(mine.peak_bytes, now.bytes));
            pool_record::put(mine.opened, now.opened);
            pool_record::put(mine.segments, now.segments);
            pool_record::put(mine.slabs, now.slabs);
            if (what == asked::refill) pool_record::put(mine.refills, mine.refills + 1);
            if (what == asked::flush) pool_record::put(mine.flushes, mine.flushes + 1);
            if (what == asked::refused) pool_record::put(mine.refused, mine.refused + 1);
        });
        pool_records.note();
    }

private:
    const void* seen() const noexcept { return __atomic_load_n(&what_, __ATOMIC_ACQUIRE); }
    pool_record* record() const noexcept { return pool_records.find(seen()); }

    const void* what_; // the name or the record: the table knows its own
};

} // namespace cenote::detail
