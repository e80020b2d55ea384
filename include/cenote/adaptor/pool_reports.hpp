// Layer: adaptor. What all pools that have a name, and all heaps, tell about themselves: one by one, as JSON, as text for
// Prometheus. Headers only.
//
//     cenote::cached_pool<session> sessions{growth::up_to(10'000).named("sessions")};
//
//     cenote::for_each_pool_report([](const cenote::pool_report& r) { if (r.refused != 0) log(r.name, r.refused); });
//     cenote::write_reports_as_json([&](const char* text, std::size_t length) { file.write(text, length); });
//     cenote::write_reports_as_prometheus([&](const char* text, std::size_t length) { reply.append(text, length); });
//
// Any thread may ask at any time. Nothing stops for it: pools go on writing their records, and no lock of theirs is taken;
// heaps, which have no records, are asked one size class at a time, under its lock. Nothing is allocated. What a figure is as of
// is said at pool_report. A pool is there from its first use to its death; what dead ones counted is added up.
//
// A shared library that hides its symbols has records, and pools, of its own.
#pragma once

#include "cenote/pool/exhausted.hpp"
#include "cenote/pool/pool_report.hpp"
#include "cenote/pool/record_table.hpp"
#include "cenote/slab/growth.hpp"

#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace cenote {

// Calls visit(const pool_report&) for every named pool, in the order of their records, then for every heap that has a name
// (kind "heap") and each of its size classes in use (kind "size_class"). Of heaps `peak` is as much as `live`. The visitor may
// do anything, also use and end pools; those that come or go meanwhile may be missed. O(most named pools there were at once).
template <class Visit>
void for_each_pool_report(Visit&& visit) {
    detail::pool_records.for_each(visit);
    for (const detail::report_teller* t = detail::pool_records.tellers(); t != nullptr; t = t->next)
        t->tell(
            detail::telling::size_classes_too,
            [](void* visitor, const detail::heap_report& r) {
                (*static_cast<std::remove_reference_t<Visit>*>(visitor))(r);
            },
            const_cast<void*>(static_cast<const void*>(&visit)));
}

// What named pools that are gone have counted in their lives.
struct ended_pool_report {
    std::uint64_t pools = 0;   // that are gone
    std::uint64_t refused = 0; // requests
    std::uint64_t refills = 0; // of magazines
    std::uint64_t flushes = 0; // of magazines
};
inline ended_pool_report report_of_ended_pools() noexcept {
    const detail::ended_pools e = detail::pool_records.ended();
    return {e.pools, e.refused, e.refills, e.flushes};
}

namespace detail {

// Collects text, and hands it on by the half KiB.
template <class Write>
class text_writer {
public:
    explicit text_writer(Write& to) noexcept : to_(to) {}
    ~text_writer() { flush(); }
    text_writer(const text_writer&) = delete;
    text_writer& operator=(const text_writer&) = delete;

    void text(const char* t) { bytes(t, std::strlen(t)); }
    void number(std::uint64_t n) {
        char digits[24];
        bytes(digits, static_cast<std::size_t>(std::snprintf(digits, sizeof digits, "%" PRIu64, n)));
    }
    // 0 to 1. Not by printf's %f, which has a comma in some countries.
    void share(double s) {
        // NOLINTNEXTLINE(bugprone-incorrect-roundings): never negative
        const auto millionths = static_cast<std::uint64_t>(s * 1e6 + 0.5);
        char digits[24];
        const int length = std::snprintf(digits, sizeof digits, "%" PRIu64 ".%06" PRIu64,
                                         millionths / 1'000'000, millionths % 1'000'000);
        bytes(digits, static_cast<std::size_t>(length));
    }
    // Between quotes, as JSON has it, or Prometheus. Both want UTF-8: what is none becomes U+FFFD.
    enum class quoting : std::uint8_t { json, prometheus };
    void quoted(const char* t, quoting how) {
        text("\"");
        while (*t != '\0') {
            const std::size_t length = sequence(t);
            const auto c = static_cast<unsigned char>(*t);
            if (length == 0) {
                text("\xEF\xBF\xBD");
                ++t;
                continue;
            }
            if (c == '"' || c == '\\') {
                const char escaped[] = {'\\', *t, '\0'};
                text(escaped);
            } else if (c == '\n') {
                text("\\n");
            } else if (c < 0x20 && how == quoting::json) {
                char escaped[8];
                std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
                text(escaped);
            } else {
                bytes(t, length);
            }
            t += length;
        }
        text("\"");
    }

private:
    // Bytes of the character that begins at `t`; 0 where none does (the Unicode Standard, table 3-7).
    static std::size_t sequence(const char* t) noexcept {
        const auto at = [t](std::size_t i) { return static_cast<unsigned char>(t[i]); };
        const auto follows = [&at](std::size_t i) { return (at(i) & 0xC0) == 0x80; };
        if (at(0) < 0x80) return 1;
        if (at(0) >= 0xC2 && at(0) <= 0xDF) return follows(1) ? 2 : 0;
        if (at(0) >= 0xE0 && at(0) <= 0xEF) {
            const bool is_short = at(0) == 0xE0 && at(1) < 0xA0;
            const bool is_surrogate = at(0) == 0xED && at(1) > 0x9F;
            return follows(1) && !is_short && !is_surrogate && follows(2) ? 3 : 0;
        }
        if (at(0) >= 0xF0 && at(0) <= 0xF4) {
            const bool is_short = at(0) == 0xF0 && at(1) < 0x90;
            const bool is_beyond = at(0) == 0xF4 && at(1) > 0x8F;
            return follows(1) && !is_short && !is_beyond && follows(2) && follows(3) ? 4 : 0;
        }
        return 0;
    }
    void bytes(const char* t, std::size_t length) {
        while (length != 0) {
            const std::size_t fits = detail::min(length, sizeof held_ - size_);
            std::memcpy(held_ + size_, t, fits);
            size_ += fits;
            t += fits;
            length -= fits;
            if (size_ == sizeof held_) flush();
        }
    }
    void flush() {
        if (size_ != 0) to_(static_cast<const char*>(held_), size_);
        size_ = 0;
    }

    Write& to_;
    char held_[512];
    std::size_t size_ = 0;
};

// A figure of a report, under both its names. Prometheus wants units at the end, and _total of what only grows.
struct report_figure {
    const char* json;
    const char* prometheus;
    const char* help;
    bool is_counter;
    std::uint64_t (*of)(const pool_report&);
};
inline constexpr report_figure report_figures[] = {
    {"block_size", "cenote_pool_block_size_bytes", "Size of a block.", false,
     [](const pool_report& r) -> std::uint64_t { return r.block_size; }},
    {"live", "cenote_pool_live_blocks", "Blocks handed out, as of the last exchange with a magazine.", false,
     [](const pool_report& r) -> std::uint64_t { return r.live; }},
    {"peak", "cenote_pool_peak_live_blocks", "The most blocks that were handed out at an exchange.", false,
     [](const pool_report& r) -> std::uint64_t { return r.peak; }},
    {"capacity", "cenote_pool_capacity_blocks", "Blocks handed out, or free in memory that is held.", false,
     [](const pool_report& r) -> std::uint64_t { return r.capacity; }},
    {"opened", "cenote_pool_opened_blocks", "Blocks that were ever handed out, of those that are held.",
     false, [](const pool_report& r) -> std::uint64_t { return r.opened; }},
    {"bytes", "cenote_pool_held_bytes", "Memory taken from the source.", false,
     [](const pool_report& r) -> std::uint64_t { return r.bytes; }},
    {"peak_bytes", "cenote_pool_peak_held_bytes", "The most memory that was held.", false,
     [](const pool_report& r) -> std::uint64_t { return r.peak_bytes; }},
    {"segments", "cenote_pool_segments", "Pieces taken from the source.", false,
     [](const pool_report& r) -> std::uint64_t { return r.segments; }},
    {"slabs", "cenote_pool_slabs", "Slabs with a block that was ever handed out.", false,
     [](const pool_report& r) -> std::uint64_t { return r.slabs; }},
    {"refused", "cenote_pool_refused_requests_total", "Requests that failed.", true,
     [](const pool_report& r) -> std::uint64_t { return r.refused; }},
    {"refills", "cenote_pool_refills_total", "Times that blocks went to a magazine.", true,
     [](const pool_report& r) -> std::uint64_t { return r.refills; }},
    {"flushes", "cenote_pool_flushes_total", "Times that blocks came back from a magazine.", true,
     [](const pool_report& r) -> std::uint64_t { return r.flushes; }},
};

template <class Write>
void write_head_of_metric(text_writer<Write>& out, const char* name, const char* help, bool is_counter) {
    out.text("# HELP ");
    out.text(name);
    out.text(" ");
    out.text(help);
    out.text("\n# TYPE ");
    out.text(name);
    out.text(is_counter ? " counter\n" : " gauge\n");
}

// One metric: what it is, then write_value(out, report) for each report that has one.
template <class Write, class Has, class Value>
void write_metric(text_writer<Write>& out, const char* name, const char* help, bool is_counter, Has has,
                  Value write_value) {
    write_head_of_metric(out, name, help, is_counter);
    for_each_pool_report([&](const pool_report& r) {
        if (!has(r)) return;
        out.text(name);
        out.text("{pool=");
        out.quoted(r.name, text_writer<Write>::quoting::prometheus);
        out.text(",kind=\"");
        out.text(r.kind);
        out.text("\",block_size=\"");
        out.number(r.block_size);
        out.text("\",id=\"");
        out.number(r.id);
        out.text("\"} ");
        write_value(out, r);
        out.text("\n");
    });
}

} // namespace detail

// Calls write(const char* text, std::size_t length) with one JSON object, piece by piece:
//
//     {"pools":[{"name":"sessions","kind":"cached_pool","id":1,"block_size":64,"live":17, ... ,"limit":10000,
//                "fragmentation":0.125}, ...],
//      "ended":{"pools":0,"refused":0,"refills":0,"flushes":0}}
//
// Names of figures are those of pool_report; a limit that there is not is null. Encoded in UTF-8; what a name has that is none
// becomes U+FFFD. What `write` throws comes out.
template <class Write>
void write_reports_as_json(Write&& write) {
    detail::text_writer out{write};
    using quoting = typename decltype(out)::quoting;
    const char* before = "{\"pools\":[";
    for_each_pool_report([&](const pool_report& r) {
        out.text(before);
        before = ",\n";
        out.text("{\"name\":");
        out.quoted(r.name, quoting::json);
        out.text(",\"kind\":\"");
        out.text(r.kind);
        out.text("\",\"id\":");
        out.number(r.id);
        for (const detail::report_figure& f : detail::report_figures) {
            out.text(",\"");
            out.text(f.json);
            out.text("\":");
            out.number(f.of(r));
        }
        out.text(",\"limit\":");
        if (r.limit == growth::no_limit)
            out.text("null");
        else
            out.number(r.limit);
        out.text(",\"fragmentation\":");
        out.share(r.fragmentation());
        out.text("}");
    });
    if (*before == '{') out.text(before);
    const ended_pool_report ended = report_of_ended_pools();
    out.text("],\n\"ended\":{\"pools\":");
    out.number(ended.pools);
    out.text(",\"refused\":");
    out.number(ended.refused);
    out.text(",\"refills\":");
    out.number(ended.refills);
    out.text(",\"flushes\":");
    out.number(ended.flushes);
    out.text("}}\n");
}

// The same in Prometheus's text exposition format 0.0.4, to be served as `text/plain; version=0.0.4`. Each pool has the labels
// pool (its name), kind, block_size and id, which is of that pool alone: sums over names are `sum by (pool) (...)`. Reports are
// taken anew for each metric, so two metrics may be of different moments.
template <class Write>
void write_reports_as_prometheus(Write&& write) {
    detail::text_writer out{write};
    const auto always = [](const pool_report&) { return true; };
    for (const detail::report_figure& f : detail::report_figures)
        detail::write_metric(out, f.prometheus, f.help, f.is_counter, always,
                             [&f](auto& to, const pool_report& r) { to.number(f.of(r)); });
    detail::write_metric(
        out, "cenote_pool_limit_blocks", "The most that the capacity may become, where there is a limit.",
        false, [](const pool_report& r) { return r.limit != growth::no_limit; },
        [](auto& to, const pool_report& r) { to.number(r.limit); });
    detail::write_metric(out, "cenote_pool_fragmentation_ratio",
                         "Share of the opened blocks that is not live.", false, always,
                         [](auto& to, const pool_report& r) { to.share(r.fragmentation()); });
    const ended_pool_report ended = report_of_ended_pools();
    const struct {
        const char* name;
        const char* help;
        std::uint64_t value;
    } counts[] = {
        {"cenote_ended_pools_total", "Named pools that are gone.", ended.pools},
        {"cenote_ended_pools_refused_requests_total", "Requests that they refused.", ended.refused},
        {"cenote_ended_pools_refills_total", "Their refills.", ended.refills},
        {"cenote_ended_pools_flushes_total", "Their flushes.", ended.flushes},
    };
    for (const auto& c : counts) {
        detail::write_head_of_metric(out, c.name, c.help, true);
        out.text(c.name);
        out.text(" ");
        out.number(c.value);
        out.text("\n");
    }
}

} // namespace cenote
