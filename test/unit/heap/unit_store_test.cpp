#include "unit/support/heap_parts.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <random>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::detail;

constexpr unit_kind some_class = 30;

void* take(unit_store& from, std::size_t units, std::size_t alignment = 1) {
    return from.take(units, alignment, kind_large, kind_inner).base;
}

TEST(unit_store, takes_no_segment_before_it_is_asked) {
    unit_ground ground;
    EXPECT_EQ(ground.from.held(), 0U);
    EXPECT_EQ(ground.units.purge(), 0U);
}

TEST(unit_store, units_are_the_takers_in_the_map_and_to_write) {
    unit_ground ground;
    const auto got = ground.units.take(3, 1, kind_large, kind_inner);
    ASSERT_NE(got.base, nullptr);
    EXPECT_TRUE(is_aligned(got.base, unit));
    EXPECT_EQ(got.dirty, 0U);
    EXPECT_EQ(ground.map->kind_of(got.base), kind_large);
    EXPECT_EQ(ground.map->kind_of(at_offset(got.base, unit)), kind_inner);
    EXPECT_EQ(ground.map->kind_of(at_offset(got.base, 3 * unit - 1)), kind_inner);
    EXPECT_EQ(ground.map->kind_of(at_offset(got.base, 3 * unit)), kind_foreign);
    EXPECT_TRUE(all_are(got.base, 3 * unit, 0));
    fill_with(got.base, 3 * unit, 1);

    void* const slab = ground.units.take(2, 1, some_class, some_class).base;
    EXPECT_EQ(ground.map->kind_of(at_offset(slab, unit)), some_class);
    EXPECT_EQ(ground.units.large_bytes(), 3 * unit);
    ground.units.give(slab, 2);
    EXPECT_EQ(ground.map->kind_of(slab), kind_foreign);
    EXPECT_EQ(ground.units.give_large(got.base), 3U);
}

TEST(unit_store, starts_at_multiples_of_any_alignment_up_to_a_segment) {
    unit_ground ground;
    (void)take(ground.units, 1);
    for (std::size_t alignment = 1; alignment <= 64; alignment *= 2)
        EXPECT_TRUE(is_aligned(take(ground.units, 1, alignment), alignment * unit)) << alignment;
    EXPECT_TRUE(is_aligned(take(ground.units, 64, 64), shared_segment_bytes));
}

TEST(unit_store, a_large_block_is_given_back_whole_and_once) {
    unit_ground ground;
    void* const p = take(ground.units, 5);
    EXPECT_EQ(ground.units.give_large(at_offset(p, 8)), 0U) << "into its first unit";
    EXPECT_EQ(ground.units.give_large(at_offset(p, unit)), 0U) << "into its second unit";
    EXPECT_EQ(ground.units.give_large(p), 5U);
    EXPECT_EQ(ground.units.give_large(p), 0U) << "twice";
}

TEST(unit_store, knows_which_units_were_used_before) {
    unit_ground ground;
    void* const a = take(ground.units, 1);
    void* const b = take(ground.units, 1);
    void* const c = take(ground.units, 1);
    ground.units.give(b, 1);
    EXPECT_EQ(ground.units.loose_bytes(), unit);
    EXPECT_EQ(ground.units.take(1, 1, kind_large, kind_inner).dirty, 1U);
    EXPECT_EQ(ground.units.loose_bytes(), 0U);
    ground.units.give(c, 1);
    const auto over_both = ground.units.take(3, 1, kind_large, kind_inner);
    EXPECT_EQ(over_both.base, c);
    EXPECT_EQ(over_both.dirty, 0b001U) << "only the first was ever used";
    (void)a;
}

TEST(unit_store, purged_units_are_zero_again) {
    unit_ground ground;
    void* const kept = take(ground.units, 1);
    void* const p = take(ground.units, 4);
    fill_with(p, 4 * unit, 0xEE);
    ground.units.give(p, 4);
    EXPECT_EQ(ground.units.purge(), 4 * unit);
    EXPECT_EQ(ground.units.loose_bytes(), 0U);
    EXPECT_EQ(ground.units.purge(), 0U) << "nothing is left to give";
    const auto again = ground.units.take(4, 1, kind_large, kind_inner);
    EXPECT_EQ(again.base, p);
    EXPECT_EQ(again.dirty, 0U);
    EXPECT_TRUE(all_are(p, 4 * unit, 0));
    (void)kept;
}

TEST(unit_store, of_what_was_used_since_the_mark_nothing_is_purged_as_idle) {
    unit_ground ground;
    void* const kept = take(ground.units, 1);
    std::vector<void*> all;
    for (int i = 0; i != 10; ++i)
        all.push_back(take(ground.units, 4));
    for (void* const p : all)
        ground.units.give(p, 4);
    EXPECT_EQ(ground.units.purge_idle(), 0U) << "at the mark, nothing was free yet";
    std::vector<void*> some;
    for (int i = 0; i != 3; ++i)
        some.push_back(take(ground.units, 4));
    for (void* const p : some)
        ground.units.give(p, 4);
    EXPECT_EQ(ground.units.purge_idle(), 7 * 4 * unit) << "three of ten were used";
    EXPECT_EQ(ground.units.loose_bytes(), 3 * 4 * unit);
    EXPECT_EQ(ground.units.take(12, 1, kind_large, kind_inner).dirty, low_bits(12)) << "the lowest stay";
    EXPECT_EQ(ground.units.purge_idle(), 0U) << "since the last one, all was used";
    EXPECT_TRUE(ground.units.valid());
    (void)kept;
}

TEST(unit_store, so_much_more_is_purged_as_idle_as_is_said) {
    unit_ground ground;
    void* const kept = take(ground.units, 1);
    void* const p = take(ground.units, 10);
    (void)take(ground.units, 1); // somebody needed units, and
    ground.units.give(p, 10);    // ten came back since
    EXPECT_EQ(ground.units.purge_idle(7 * unit), 7 * unit);
    EXPECT_EQ(ground.units.loose_bytes(), 3 * unit);
    EXPECT_EQ(ground.units.purge_idle(std::size_t{1} << 40), 3 * unit) << "no more than there is";
    (void)kept;
}

TEST(unit_store, a_segment_that_is_free_goes_as_idle_if_all_of_it_was) {
    unit_ground ground;
    void* const first = take(ground.units, 64);
    void* const second = take(ground.units, 64);
    ground.units.give(second, 64);
    ground.units.mark();
    ground.units.give(first, 64);
    (void)take(ground.units, 1);
    EXPECT_EQ(ground.units.purge_idle(), shared_segment_bytes);
    EXPECT_EQ(ground.from.held(), shared_segment_bytes);
    EXPECT_EQ(ground.units.loose_bytes(), shared_segment_bytes - unit);
}

TEST(unit_store, where_none_were_taken_since_the_mark_all_are_idle) {
    unit_ground ground;
    void* const kept = take(ground.units, 1);
    void* const p = take(ground.units, 4);
    ground.units.mark();
    ground.units.give(p, 4);
    EXPECT_EQ(ground.units.purge_idle(), 4 * unit);
    (void)kept;
}

TEST(unit_store, purges_of_segments_that_are_free_give_them_back) {
    unit_ground ground;
    std::vector<void*> all;
    for (int i = 0; i != 5; ++i)
        all.push_back(take(ground.units, 64));
    EXPECT_EQ(ground.from.held(), 5 * shared_segment_bytes);
    for (const int i : {0, 2, 3, 4})
        ground.units.give(all[static_cast<std::size_t>(i)], 64);
    EXPECT_EQ(ground.units.purge(), 4 * shared_segment_bytes);
    EXPECT_EQ(ground.from.held(), shared_segment_bytes);
    EXPECT_EQ(ground.map->kind_of(all[1]), kind_large);
    ground.units.give(all[1], 64);
    ground.units.purge();
    EXPECT_EQ(ground.from.held(), 0U);
}

TEST(unit_store, extends_only_into_free_units) {
    unit_ground ground;
    void* const a = take(ground.units, 2);
    EXPECT_TRUE(ground.units.extend(a, 2, 3));
    EXPECT_EQ(ground.map->large_units(address_of(a)), 5U);
    fill_with(a, 5 * unit, 3);
    void* const b = take(ground.units, 1);
    EXPECT_FALSE(ground.units.extend(a, 5, 1)) << "a live unit lies there";
    EXPECT_EQ(ground.map->kind_of(b), kind_large);
    EXPECT_FALSE(ground.units.extend(b, 1, 64)) << "beyond the last segment";
    EXPECT_TRUE(ground.units.extend(b, 1, 58));
    EXPECT_FALSE(ground.units.extend(b, 59, 1)) << "at the end of the last segment";
    ground.units.give(at_offset(b, 9 * unit), 50); // a tail
    EXPECT_EQ(ground.map->large_units(address_of(b)), 9U);
    EXPECT_TRUE(ground.units.extend(b, 9, 10));
}

TEST(unit_store, refused_a_segment_is_as_before_and_works_later) {
    ledger books;
    ledger_source source{books};
    unit_ground ground{source};
    books.refuse_next_calls();
    EXPECT_EQ(take(ground.units, 1), nullptr);
    EXPECT_TRUE(ground.units.valid());
    EXPECT_EQ(ground.from.held(), 0U);
    books.recover();
    void* const p = take(ground.units, 1);
    ASSERT_NE(p, nullptr);
    books.refuse_next_calls();
    EXPECT_EQ(take(ground.units, 64), nullptr);
    EXPECT_NE(take(ground.units, 63), nullptr) << "what is there can still be had";
}

TEST(unit_store, memory_of_a_source_counts_as_written_for_ever) {
    ledger books;
    decommitting_ledger_source source{books};
    unit_ground ground{source};
    const auto fresh = ground.units.take(2, 1, kind_large, kind_inner);
    EXPECT_EQ(fresh.dirty, 0b11U);
    void* const p = take(ground.units, 3);
    ground.units.give(p, 3);
    EXPECT_GT(ground.units.purge(), 0U);
    EXPECT_GT(books.decommitted(), 0U);
    EXPECT_EQ(ground.units.take(3, 1, kind_large, kind_inner).dirty, 0b111U);
}

// What was given back once is neither resident nor given again: or who is short of memory would ask for ever.
TEST(unit_store, a_purge_after_a_purge_gives_nothing_whatever_the_source) {
    ledger books;
    decommitting_ledger_source source{books};
    unit_ground ground{source};
    void* const kept = take(ground.units, 1);
    void* const p = take(ground.units, 3);
    ground.units.give(p, 3);
    ground.units.purge();
    EXPECT_EQ(ground.units.loose_bytes(), 0U);
    EXPECT_EQ(ground.units.purge(), 0U);
    (void)kept;
}

// Every unit of every segment, as the store should see it.
class unit_model {
public:
    enum class state : unsigned char { clean, dirty, taken };
    using segment = std::array<state, units_per_segment>;

    struct place {
        std::uintptr_t base = 0; // 0: a new segment is needed
        std::uint64_t dirty = 0;
    };
    place lowest_fit(std::size_t units, std::size_t alignment) const {
        for (const auto& s : segments_)
            for (std::size_t at = 0; at < units_per_segment; at += alignment)
                if (const std::uintptr_t base = s.first + at * unit; is_free(base, units))
                    return {base, dirty_in(base, units)};
        return {};
    }
    // All clean where its segment is a new one.
    void set(std::uintptr_t base, std::size_t units, state to) {
        for (std::size_t i = 0; i != units; ++i)
            segments_[segment_of(base + i * unit)][index_of(base + i * unit)] = to;
    }
    void add_segments_under(std::uintptr_t base, std::size_t units) {
        segments_[segment_of(base)];
        segments_[segment_of(base + (units - 1) * unit)];
    }
    bool is_free(std::uintptr_t base, std::size_t units) const {
        for (std::size_t i = 0; i != units; ++i)
            if (const state* const u = find(base + i * unit); u == nullptr || *u == state::taken)
                return false;
        return true;
    }
    void purge() {
        for (auto s = segments_.begin(); s != segments_.end();) {
            for (state& u : s->second)
                if (u == state::dirty) u = state::clean;
            s = is_free(s->first, units_per_segment) ? segments_.erase(s) : std::next(s);
        }
    }
    std::size_t segments() const { return segments_.size(); }
    std::size_t loose() const {
        std::size_t units = 0;
        for (const auto& s : segments_)
            units += count_bits(dirty_in(s.first, units_per_segment));
        return units;
    }

private:
    static std::uintptr_t segment_of(std::uintptr_t address) { return address & ~(shared_segment_bytes - 1); }
    static std::size_t index_of(std::uintptr_t address) { return address % shared_segment_bytes / unit; }
    const state* find(std::uintptr_t address) const {
        const auto found = segments_.find(segment_of(address));
        return found == segments_.end() ? nullptr : &found->second[index_of(address)];
    }
    std::uint64_t dirty_in(std::uintptr_t base, std::size_t units) const {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i != units; ++i)
            bits |= std::uint64_t{*find(base + i * unit) == state::dirty} << i;
        return bits;
    }
    std::map<std::uintptr_t, segment> segments_;
};

TEST(unit_store, does_what_a_model_does_at_random) {
    unit_ground ground;
    unit_model model;
    struct block {
        std::uintptr_t base;
        std::size_t units;
    };
    std::vector<block> live;
    std::mt19937 random{11};
    for (int i = 0; i != 6000; ++i) {
        const auto dice = random() % 100;
        if (dice < 48 && live.size() < 100) {
            const std::size_t units = 1 + random() % (dice < 40 ? 8 : 64);
            const std::size_t alignment = std::size_t{1} << (dice < 30 ? 0 : random() % 7);
            auto expected = model.lowest_fit(units, alignment);
            const auto got = ground.units.take(units, alignment, kind_large, kind_inner);
            const std::uintptr_t base = address_of(got.base);
            if (expected.base == 0) {
                model.add_segments_under(base, units);
                expected = model.lowest_fit(units, alignment);
            }
            ASSERT_EQ(base, expected.base) << "not the lowest address that fits";
            ASSERT_EQ(got.dirty, expected.dirty);
            model.set(base, units, unit_model::state::taken);
            live.push_back({base, units});
        } else if (dice < 99 && !live.empty()) {
            std::swap(live[random() % live.size()], live.back());
            block& b = live.back();
            if (dice < 55) {
                const std::size_t more = 1 + random() % 8;
                if (b.units + more > 64) continue;
                const bool can = model.is_free(b.base + b.units * unit, more);
                ASSERT_EQ(ground.units.extend(reinterpret_cast<void*>(b.base), b.units, more), can);
                if (!can) continue;
                model.set(b.base + b.units * unit, more, unit_model::state::taken);
                b.units += more;
            } else {
                const std::size_t kept = dice < 60 && b.units > 1 ? random() % b.units : 0;
                const std::uintptr_t first = b.base + kept * unit;
                ground.units.give(reinterpret_cast<void*>(first), b.units - kept);
                model.set(first, b.units - kept, unit_model::state::dirty);
                b.units = kept;
                if (kept == 0) live.pop_back();
            }
        } else {
            ground.units.purge();
            model.purge();
        }
        ASSERT_EQ(ground.from.held(), model.segments() * shared_segment_bytes);
        ASSERT_EQ(ground.units.loose_bytes(), model.loose() * unit);
        if (i % 500 == 0) {
            ASSERT_TRUE(ground.units.valid());
        }
    }
}

} // namespace
} // namespace cenote_test
