#include "unit_store.hpp"

#include "cenote/base/bits.hpp"
#include "cenote/base/poison.hpp"

#include <algorithm>
#include <bit>

namespace cenote::detail {

namespace {

// Bit i is set where `count` bits from i on are.
constexpr std::uint64_t starts_of(std::uint64_t free, std::size_t count) noexcept {
    std::size_t have = 1;
    while (have < count && free != 0) {
        const std::size_t step = std::min(have, count - have);
        free &= free >> step;
        have += step;
    }
    return free;
}

// Bits at multiples of `alignment`, a power of two up to 64.
constexpr std::uint64_t multiples_of(std::size_t alignment) noexcept {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < word_bits; i += alignment)
        bits |= std::uint64_t{1} << i;
    return bits;
}

constexpr std::size_t longest_in(std::uint64_t free) noexcept {
    std::size_t n = 0;
    for (; free != 0; free &= free >> 1)
        ++n;
    return n;
}
static_assert(longest_in(0b0111'0110) == 3 && longest_in(all_ones) == 64 && longest_in(0) == 0);
static_assert(starts_of(0b0111'0110, 2) == 0b0011'0010 && starts_of(all_ones, 64) == 1);

constexpr std::uint64_t range_of(std::size_t at, std::size_t units) noexcept { return low_bits(units) << at; }

} // namespace

unit_store::taken_units unit_store::take(std::size_t units, std::size_t alignment, unit_kind first,
                                         unit_kind rest) noexcept {
    const locked_scope hold{lock};
    std::uintptr_t found = find_range(units, alignment);
    if (found == 0) {
        if (!add_segment()) return {};
        found = find_range(units, alignment);
    }
    return {reinterpret_cast<void*>(found), take_range(found, units, first, rest)};
}

// The lowest range of free units; 0 where there is none.
std::uintptr_t unit_store::find_range(std::size_t units, std::size_t alignment) const noexcept {
    const std::uint64_t allowed = multiples_of(alignment);
    for (const record* r = records_.begin(); r != records_.end(); ++r) {
        if (r != records_.begin() && r[-1].base + shared_segment_bytes == r->base) {
            // From the segment before into this one.
            const auto before = static_cast<std::size_t>(std::countl_one(r[-1].free));
            const auto here = static_cast<std::size_t>(std::countr_one(r->free));
            const std::size_t first = round_up(units_per_segment - before, alignment);
            if (first < units_per_segment && units_per_segment - first + here >= units)
                return r[-1].base + first * unit;
        }
        if (r->longest < units) continue;
        const std::uint64_t starts = starts_of(r->free, units) & allowed;
        if (starts != 0) return r->base + lowest_bit(starts) * unit;
    }
    return 0;
}

template <class Visit>
void unit_store::for_each_piece(std::uintptr_t first, std::size_t units, Visit visit) noexcept {
    while (units != 0) {
        const std::uintptr_t base = round_down(first, shared_segment_bytes);
        const std::size_t at = (first - base) / unit;
        const std::size_t count = std::min(units, units_per_segment - at);
        visit(*records_.find(base), at, count);
        first += count * unit;
        units -= count;
    }
}

// Returns which of the units, 64 at most, may hold something else than zeroes.
std::uint64_t unit_store::take_range(std::uintptr_t first, std::size_t units, unit_kind kind,
                                     unit_kind rest) noexcept {
    std::uint64_t dirty = 0;
    std::size_t loose = 0;
    std::size_t done = 0;
    water_.use();
    for_each_piece(first, units, [&](record& r, std::size_t at, std::size_t count) {
        const std::uint64_t range = range_of(at, count);
        dirty |= (r.dirty & range) >> at << done;
        loose += count_bits(r.loose & range);
        r.free &= ~range;
        r.dirty &= ~range;
        r.loose &= ~range;
        r.longest = longest_in(r.free);
        done += count;
    });
    add_loose(-static_cast<std::ptrdiff_t>(loose));
    map_.set(first, 1, kind);
    map_.set(first + unit, units - 1, rest);
    show_range(reinterpret_cast<const void*>(first), units * unit);
    return dirty;
}

void unit_store::give(void* base, std::size_t units) noexcept {
    const locked_scope hold{lock};
    give_range(address_of(base), units);
}

std::size_t unit_store::give_large(void* base) noexcept {
    const locked_scope hold{lock};
    if (map_.kind_of(base) != kind_large || !is_aligned(base, unit)) return 0;
    const std::size_t units = map_.large_units(address_of(base));
    give_range(address_of(base), units);
    return units;
}

void unit_store::give_range(std::uintptr_t first, std::size_t units) noexcept {
    hide_range(reinterpret_cast<const void*>(first), units * unit);
    map_.set(first, units, kind_foreign);
    for_each_piece(first, units, [](record& r, std::size_t at, std::size_t count) {
        r.free |= range_of(at, count);
        r.dirty |= range_of(at, count);
        r.loose |= range_of(at, count);
        r.longest = longest_in(r.free);
    });
    add_loose(static_cast<std::ptrdiff_t>(units));
}

bool unit_store::is_free(std::uintptr_t first, std::size_t units) const noexcept {
    for (; units != 0; --units, first += unit) {
        const record* const r = records_.find(round_down(first, shared_segment_bytes));
        if (r == nullptr || ((r->free >> ((first - r->base) / unit)) & 1) == 0) return false;
    }
    return true;
}

bool unit_store::extend(void* base, std::size_t units, std::size_t more) noexcept {
    const std::uintptr_t end = address_of(base) + units * unit;
    const locked_scope hold{lock};
    if (!is_free(end, more)) return false;
    take_range(end, more, kind_inner, kind_inner);
    return true;
}

std::size_t unit_store::purge() noexcept {
    const locked_scope hold{lock};
    return purge(all_units());
}

std::size_t unit_store::purge_idle(std::size_t more) noexcept {
    const locked_scope hold{lock};
    const std::size_t all = all_units();
    return purge(std::min(all, water_.idle(all) + more / unit));
}

void unit_store::mark() noexcept {
    const locked_scope hold{lock};
    water_.mark(loose_units());
}

// Of `most` loose units. Sets a new mark. Needs the lock.
std::size_t unit_store::purge(std::size_t most) noexcept {
    std::size_t given = 0;
    for (record* r = records_.end(); r != records_.begin() && most != 0;) {
        --r;
        const auto loose = static_cast<std::size_t>(count_bits(r->loose));
        if (r->free != all_ones || loose > most) {
            given += purge_units(*r, most);
            continue;
        }
        void* const p = reinterpret_cast<void*>(r->base);
        most -= loose;
        add_loose(-static_cast<std::ptrdiff_t>(loose));
        records_.remove(r);
        show_range(p, shared_segment_bytes);
        from_.release(p, shared_segment_bytes, shared_segment_bytes);
        given += shared_segment_bytes;
    }
    if (records_.empty()) records_.release_all();
    water_.mark(loose_units());
    return given;
}

std::size_t unit_store::purge_units(record& r, std::size_t& most) noexcept {
    std::size_t given = 0;
    for (std::uint64_t rest = r.loose; rest != 0 && most != 0;) {
        const auto end = static_cast<std::size_t>(std::bit_width(rest));
        const std::size_t length =
            std::min(most, static_cast<std::size_t>(std::countl_one(rest << (word_bits - end))));
        const std::size_t at = end - length;
        const std::uint64_t range = range_of(at, length);
        rest &= ~range;
        const std::size_t went = from_.decommit(reinterpret_cast<void*>(r.base + at * unit), length * unit);
        if (went == 0) continue;
        given += went;
        r.loose &= ~range;
        most -= length;
        add_loose(-static_cast<std::ptrdiff_t>(length));
        // What a source of the user's decommits need not come back as zeroes: it stays dirty.
        if (from_.is_zeroing()) r.dirty &= ~range;
    }
    return given;
}

std::size_t unit_store::large_bytes() const noexcept {
    std::size_t units = 0;
    for (const record& r : records_)
        for (std::uint64_t rest = ~r.free; rest != 0; rest &= rest - 1) {
            const unit_kind kind =
                map_.kind_of(reinterpret_cast<const void*>(r.base + lowest_bit(rest) * unit));
            units += kind == kind_large || kind == kind_inner ? 1 : 0;
        }
    return units * unit;
}

void unit_store::release_all() noexcept {
    for (const record& r : records_) {
        void* const p = reinterpret_cast<void*>(r.base);
        show_range(p, shared_segment_bytes);
        from_.release(p, shared_segment_bytes, shared_segment_bytes);
    }
    records_.release_all();
    loose_units_.store(0, std::memory_order_relaxed);
    water_.mark(0);
}

bool unit_store::valid() const noexcept {
    const locked_scope hold{lock};
    std::size_t loose = 0;
    for (const record* r = records_.begin(); r != records_.end(); ++r) {
        if (r != records_.begin() && r[-1].base >= r->base) return false;
        if (r->base % shared_segment_bytes != 0 || (r->dirty & ~r->free) != 0 ||
            (r->loose & ~r->dirty) != 0 || r->longest != longest_in(r->free))
            return false;
        for (std::size_t u = 0; u != units_per_segment; ++u) {
            const unit_kind kind = map_.kind_of(reinterpret_cast<const void*>(r->base + u * unit));
            if ((kind == kind_foreign) != (((r->free >> u) & 1) != 0)) return false;
        }
        loose += count_bits(r->loose);
    }
    return loose * unit == loose_bytes() && water_.least() <= loose;
}

void unit_store::add_loose(std::ptrdiff_t units) noexcept {
    loose_units_.store(loose_units() + static_cast<std::size_t>(units), std::memory_order_relaxed);
    water_.fall(loose_units());
}

bool unit_store::add_segment() noexcept {
    if (!records_.reserve_one()) return false;
    void* const memory = from_.reserve(shared_segment_bytes, shared_segment_bytes);
    if (memory == nullptr) return false;
    const std::uintptr_t base = address_of(memory);
    if (!map_.cover(base, shared_segment_bytes)) {
        from_.release(memory, shared_segment_bytes, shared_segment_bytes);
        return false;
    }
    const std::uint64_t dirty = from_.is_zeroing() ? 0 : all_ones;
    hide_range(memory, shared_segment_bytes);
    records_.insert({base, all_ones, dirty, 0, units_per_segment});
    return true;
}

} // namespace cenote::detail
