// Layer: pool. What is said when a pool has no more: which pool, why, and which named pools hold the most memory.
#pragma once

#include "cenote/base/budget.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/pool/options.hpp"
#include "cenote/pool/pool_label.hpp"

#include <cstddef>
#include <cstdio>

namespace cenote::detail {

// How an engine fills in its report: `more` bytes lie outside of its slabs.
template <class Slabs>
pool_state state_of(const Slabs& slabs, std::size_t live, std::size_t more) noexcept {
    const auto all = slabs.sums();
    return {.block_size = slabs.geometry().block_size(),
            .live = live,
            .capacity = slabs.capacity(),
            .limit = slabs.max_objects(),
            .bytes = slabs.bytes() + more,
            .opened = all.opened,
            .segments = all.segments,
            .slabs = all.slabs};
}

// Text in room of its own, cut off at its end.
class short_text {
public:
    template <class... Values>
    void add(const char* format, Values... values) noexcept {
        const int length = std::snprintf(text_ + length_, sizeof text_ - length_, format, values...);
        if (length > 0) length_ = detail::min(length_ + static_cast<std::size_t>(length), sizeof text_ - 1);
    }
    const char* text() const noexcept { return text_; }

private:
    char text_[240] = {};
    std::size_t length_ = 0;
};

// The limits in bytes that there are: that of the pool's source, and that of the process.
CENOTE_COLD inline void add_budgets(short_text& to, const budget* own) noexcept {
    if (own != nullptr && own->limit() != budget::no_limit)
        to.add(" (%zu of %zu bytes of its source's limit are held)", own->held(), own->limit());
    if (process_budget.limit() != budget::no_limit)
        to.add(" (%zu of %zu bytes are held by the process)", process_budget.held(), process_budget.limit());
}
// That of a source which has one; of those that lie one on the other the first.
template <class Source>
concept source_with_budget = requires(const Source& s) {
    s.budget();
};
template <class Source>
concept source_elsewhere = requires(const Source& s) {
    s.get();
};
template <class Source>
concept source_on_another = requires(const Source& s) {
    s.upstream();
};
template <class Source>
const budget* budget_of([[maybe_unused]] const Source& source) noexcept {
    if constexpr (source_with_budget<Source>) {
        // cppcheck-suppress returnDanglingLifetime // takes the reference for a copy
        return &source.budget();
    } else if constexpr (source_elsewhere<Source>) {
        return budget_of(source.get());
    } else if constexpr (source_on_another<Source>) {
        return budget_of(source.upstream());
    } else {
        return nullptr;
    }
}

// The named pools, and the heaps, with the most bytes; at most three. O(named pools).
CENOTE_COLD inline void add_largest(short_text& to) noexcept {
    struct largest {
        pool_report at[3];
        void note(const pool_report& r) noexcept {
            for (pool_report& one : at) {
                if (r.bytes <= one.bytes) continue;
                for (pool_report* last = at + 2; last != &one; --last)
                    *last = last[-1];
                one = r;
                return;
            }
        }
    } found;
    pool_records.for_each([&found](const pool_report& r) { found.note(r); });
    for (const report_teller* t = pool_records.tellers(); t != nullptr; t = t->next)
        t->tell(
            telling::heaps,
            [](void* to_note, const heap_report& r) { static_cast<largest*>(to_note)->note(r); }, &found);
    const char* before = "; largest: ";
    for (const pool_report& one : found.at) {
        if (one.bytes == 0) break;
        to.add("%s\"%.40s\" %zu bytes", before, one.name, one.bytes);
        before = ", ";
    }
}

} // namespace cenote::detail

namespace cenote {

// What pools, arenas and heaps throw where there is no more memory for a request, by their own limit or as it was refused
// to them: a std::bad_alloc whose what() says which pool that was, how full it is, and which named pools hold the most. Takes
// no memory for its text. Needs exceptions; without them the same text is the last line before the abort.
class CENOTE_API out_of_memory : public std::bad_alloc {
public:
    // By pools and heaps.
    explicit out_of_memory(const detail::short_text& text) noexcept : text_(text) {}
    // One line; lives as long as this does.
    const char* what() const noexcept override { return text_.text(); }

private:
    detail::short_text text_;
};

namespace detail {

[[noreturn]] CENOTE_COLD inline void throw_out_of_memory(short_text text) {
    add_largest(text);
#if CENOTE_EXCEPTIONS
    throw out_of_memory{text};
#else
    fail_with("%.200s (exceptions are off: use the try_ form)", text.text());
#endif
}
[[noreturn]] CENOTE_COLD inline void throw_exhausted(const pool_identity& pool, const pool_stats& now,
                                                     const budget* own) {
    const std::size_t taken = now.live + now.in_magazine;
    short_text text;
    text.add("out of memory: %s", pool.kind);
    if (pool.name != nullptr) text.add(" \"%.60s\"", pool.name);
    if (taken >= now.limit)
        text.add(" has its limit of %zu blocks of %zu bytes", now.limit, pool.block_size);
    else
        text.add(" has %zu of %zu blocks of %zu bytes taken, and can have no more", taken, now.capacity,
                 pool.block_size);
    add_budgets(text, own);
    throw_out_of_memory(text);
}

} // namespace detail
} // namespace cenote
