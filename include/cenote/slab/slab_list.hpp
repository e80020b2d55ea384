// Layer: slab. All segments of one pool: takes free blocks by the bitmap word, lowest address first, puts them back,
// grows, gives empty memory back. Knows nothing of magazines or threads.
//
//     first_    the first segment, of any size and alignment: found by its range
//     others    `segment_bytes`-aligned: found by masking a block's address, checked against `index_`
//     nonfull_  stack of the segments with a free block; takes come from its top until that one is used up
//     unopened_ stack of the segments with blocks that were never handed out
//
// A source may want guards: then the OS page before a segment's first block and the segment's last one hold nothing, and
// are given to it.
//
// Not thread-safe.
#pragma once

#include "cenote/base/algorithm.hpp"
#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/units.hpp"
#include "cenote/slab/geometry.hpp"
#include "cenote/slab/growth.hpp"
#include "cenote/slab/segment_index.hpp"
#include "cenote/slab/slab.hpp"
#include "cenote/source/segment.hpp"
#include "cenote/source/source.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace cenote::detail {

enum class put_result : std::uint8_t { ok, foreign, not_a_block, already_free };

// No bound.
inline constexpr std::size_t any_bytes = static_cast<std::size_t>(-1);

template <class Geometry, memory_source Source>
class slab_list {
public:
    constexpr slab_list(const Geometry& geometry, const growth& policy, Source source)
        : geometry_(geometry), source_(std::move(source)),
          index_(static_cast<unsigned>(std::countr_zero(segment_bytes_for(geometry, policy, source_)))),
          max_objects_(policy.max_objects),
          first_bytes_(policy.at_once ? whole
                                      : static_cast<std::uint32_t>(
                                            detail::clamp<std::size_t>(policy.first_bytes, 1, 1_GiB))),
          blocks_offset_(static_cast<std::uint32_t>(aligned_header(geometry, index_.segment_bytes()))) {}

    slab_list(slab_list&& other) noexcept
        : geometry_(other.geometry_), source_(std::move(other.source_)),
          first_(std::exchange(other.first_, nullptr)), segments_(std::exchange(other.segments_, nullptr)),
          nonfull_(std::exchange(other.nonfull_, nullptr)),
          unopened_(std::exchange(other.unopened_, nullptr)), index_(std::move(other.index_)),
          capacity_(std::exchange(other.capacity_, 0)), taken_(std::exchange(other.taken_, 0)),
          max_objects_(other.max_objects_), first_bytes_(other.first_bytes_),
          blocks_offset_(other.blocks_offset_) {}
    slab_list& operator=(slab_list&&) = delete;
    ~slab_list() { release_all(); }

    const Geometry& geometry() const noexcept { return geometry_; }
    Source& source() noexcept { return source_; }
    const Source& source() const noexcept { return source_; }

    std::size_t capacity() const noexcept { return capacity_; } // blocks
    std::size_t taken() const noexcept { return taken_; }       // blocks
    std::size_t max_objects() const noexcept { return max_objects_; }

    // Takes up to `want` free blocks into `out`, the lowest address last, so that an array used from its end hands out
    // the lowest first. Returns how many; 0 when none is left without growing. Never calls the source. O(want).
    std::size_t take(std::byte** out, std::size_t want) noexcept {
        std::byte** next = out + want; // filled from its end
        while (next != out && (nonfull_ != nullptr || open_next()))
            next = take_word(out, next);
        const auto missing = static_cast<std::size_t>(next - out);
        if (missing != 0) [[unlikely]]
            copy_items(next, want - missing, out);
        taken_ += want - missing;
        return want - missing;
    }

    // As take, and grows where nothing is left. 0 only when the limit or the source refuses.
    std::size_t take_or_grow(std::byte** out, std::size_t want) noexcept {
        const std::size_t got = take(out, want);
        return got != 0 || !grow(1) ? got : take(out, want);
    }

    // What stopped a put: the result and the block it is about.
    struct put_outcome {
        put_result result = put_result::ok;
        const void* block = nullptr;
    };

    // Frees taken blocks. O(count). Stops at the first that is not a taken block of this list, with those before it
    // freed.
    put_outcome put(std::byte* const* blocks, std::size_t count) noexcept {
        const locator locate{*this};
        std::size_t done = 0;
        put_result result = put_result::ok;
        std::uint64_t none = 0;
        std::uint64_t* open = &none;
        std::uint64_t value = 0;
        for (; done != count; ++done) {
            segment* in;
            std::size_t offset;
            if (!locate(blocks[done], in, offset)) [[unlikely]] {
                result = put_result::foreign;
                break;
            }
            const block_place at = place_of(offset);
            if (ordinal(at) >= in->opened || !is_first_byte(at, offset)) [[unlikely]] {
                result = put_result::not_a_block;
                break;
            }
            std::uint64_t& word = word_of(*in, at);
            if (&word != open) {
                in->given_back &= ~(std::uint64_t{1} << at.slab);
                *open = value;
                open = &word;
                value = word;
                if (value == 0 && in->mark_word(at.slab, at.index / word_bits)) [[unlikely]]
                    push_nonfull(in);
            }
            const std::uint64_t bit = std::uint64_t{1} << (at.index % word_bits);
            if ((value & bit) != 0) [[unlikely]] {
                result = put_result::already_free;
                break;
            }
            value |= bit;
        }
        *open = value;
        taken_ -= done;
        return {result, done == count ? nullptr : blocks[done]};
    }

    // Adds segments until at least `blocks` more than are taken can be taken. False, with no segment added, when the
    // limit or the source refuses; the index keeps the room it made for segments that went back.
    bool grow(std::size_t blocks) noexcept {
        const std::size_t allowed = max_objects_ - taken_;
        const std::size_t more = first_bytes_ == whole ? allowed : blocks;
        if (blocks > allowed || more > max_pool_bytes / geometry_.block_size()) return false;
        const std::size_t wanted = taken_ + more;
        segment* const before = segments_;
        while (capacity_ < wanted) {
            if (!add_segment(wanted - capacity_)) {
                if (capacity_ >= taken_ + blocks) return true;
                release_newest(before);
                return false;
            }
        }
        return true;
    }

    // From now on there are no more blocks than there are now.
    void close() noexcept { max_objects_ = capacity_; }

    // Room behind the first segment's summary that its owner may use, in words; see segment's picture.
    std::uint64_t* spare() noexcept { return first_->summary() + summary_words(first_->total); }
    std::size_t spare_words() const noexcept { return spare_words_for(first_->total); }
    bool has_aligned() const noexcept { return !index_.empty(); }
    bool has_segments() const noexcept { return first_ != nullptr; }

    // A block of this list that was opened starts at `p`.
    bool contains(const void* p) const noexcept {
        segment* in;
        std::size_t offset;
        return find_opened(p, in, offset);
    }

    // The first byte of the opened block that `p` points into; nullptr where there is none.
    const std::byte* block_around(const void* p) const noexcept {
        segment* in;
        std::size_t offset;
        if (!locator{*this}(p, in, offset)) return nullptr;
        const block_place at = place_of(offset);
        if (at.index >= geometry_.blocks_per_slab() || ordinal(at) >= in->opened) return nullptr;
        return in->at(geometry_, at);
    }

    // As contains, and the block is neither free nor unopened.
    bool is_taken(const void* p) const noexcept {
        segment* in;
        std::size_t offset;
        if (!find_opened(p, in, offset)) return false;
        const block_place at = place_of(offset);
        return ((word_of(*in, at) >> (at.index % word_bits)) & 1) == 0;
    }

    // Calls visit(block) for every taken block, by address within a segment. The visitor may put blocks back and take
    // others: what was put back is not visited after that, what is taken may or may not be.
    template <class Visitor>
    void for_each_taken(Visitor&& visit) {
        for (segment* s = segments_; s != nullptr; s = s->next)
            for (std::size_t slab = 0; slab < s->opened_slabs(geometry_); ++slab)
                for (std::size_t w = 0; w != geometry_.words_per_slab(); ++w)
                    visit_word(*s, slab, w, visit);
    }

    // Gives back to the source every segment without a taken block and, where the source can, pages of the others that
    // hold only free blocks. The first segment stays as long as any other does. Returns bytes. O(capacity / 64).
    std::size_t trim() noexcept { return taken_ == 0 ? release_all() : trim(any_bytes).given; }

    struct trimmed {
        std::size_t given = 0;  // bytes
        std::size_t opened = 0; // bytes, of these: what may have been resident
    };
    // As trim, and stops once `most` bytes of opened blocks have gone: the newest segments' first, which are then taken from
    // last.
    trimmed trim(std::size_t most) noexcept {
        const std::size_t table = index_.table_bytes();
        trimmed done;
        for (segment** link = &segments_; *link != nullptr && done.opened < most;) {
            segment* const s = *link;
            if (s != first_ && s->empty(geometry_)) {
                *link = s->next;
                done.given += s->bytes;
                done.opened += detail::min(s->bytes, s->opened * geometry_.block_size());
                drop(s);
            } else {
                const std::size_t bytes = give_pages_back(*s, most - done.opened);
                done.given += bytes;
                done.opened += bytes;
                link = &s->next;
            }
        }
        rebuild(segments_);
        done.given += table - index_.table_bytes();
        return done;
    }

    // Every block is free again and every segment kept while their bytes stay within `limit`. Blocks that were
    // taken are gone without notice. O(capacity / 64).
    void forget_all(std::size_t limit) noexcept {
        if (first_ == nullptr || first_->bytes > limit) {
            release_all();
            return;
        }
        taken_ = 0;
        segment* kept = nullptr;
        std::size_t bytes = first_->bytes + index_.table_bytes();
        for (segment* s = segments_; s != nullptr;) {
            segment* const next = s->next;
            if (s != first_ && (bytes > limit || s->bytes > limit - bytes)) {
                drop(s);
            } else {
                if (s != first_) bytes += s->bytes;
                s->close_all(geometry_);
                s->next = kept;
                kept = s;
            }
            s = next;
        }
        first_->of_all.opened = first_->of_all.slabs = 0;
        rebuild(kept);
    }

    // Returns bytes. O(segments).
    std::size_t release_all() noexcept {
        std::size_t given = index_.table_bytes();
        while (segments_ != nullptr) {
            segment* const s = segments_;
            segments_ = s->next;
            given += s->bytes;
            release(s);
        }
        index_.free_table(tables());
        first_ = nonfull_ = unopened_ = nullptr;
        capacity_ = taken_ = 0;
        return given;
    }

    // Taken from the source, the index's table included; O(1), like the two below.
    std::size_t bytes() const noexcept { return index_.table_bytes() + sums().bytes; }
    std::size_t segments() const noexcept { return sums().segments; }
    std::size_t slabs() const noexcept { return sums().slabs; } // opened ones
    // Of all segments.
    segment_sums sums() const noexcept { return first_ == nullptr ? segment_sums{} : first_->of_all; }

    // Walks everything and says whether all invariants hold. O(capacity / 64).
    bool valid() const noexcept {
        std::size_t total = 0;
        std::size_t out = 0;
        segment_sums all;
        for (const segment* s = segments_; s != nullptr; s = s->next) {
            if (!s->valid(geometry_)) return false;
            if (s != first_ && !index_.members().contains(address_of(s))) return false;
            if ((s->nonfull != 0) != on_stack(nonfull_, s, &segment::next_nonfull)) return false;
            if ((s->opened != s->total) != on_stack(unopened_, s, &segment::next_unopened)) return false;
            total += s->total;
            out += taken_in(*s);
            all.bytes += s->bytes;
            ++all.segments;
            all.opened += s->opened;
            all.slabs += s->opened_slabs(geometry_);
        }
        return all == sums() && total == capacity_ && out == taken_ && capacity_ <= max_objects_;
    }

private:
    // Bytes of the guard before a segment's blocks, and of that behind them; a source that wants none says nothing.
    static constexpr std::size_t guard_bytes = [] {
        if constexpr (requires { Source::guard_bytes; })
            return Source::guard_bytes;
        else
            return std::size_t{0};
    }();
    // In first_bytes_: the room for max_objects in one go.
    static constexpr std::uint32_t whole = 0;
    static constexpr std::size_t max_spare_words = 256;
    // Slabs start at multiples of this where a segment has several, so that no OS page holds parts of two.
    static constexpr std::size_t slab_page = 4_KiB;
    // Less than this, side by side, is not worth a call of the source.
    static constexpr std::size_t least_given_back = 8_KiB;

    // Finds a pointer's segment, and the pointer's distance from the segment's first block. Holds what it needs by
    // value, so that a loop over many blocks has it in registers.
    class locator {
    public:
        explicit locator(const slab_list& list) noexcept
            : members_(list.index_.members()), first_(list.first_),
              first_bytes_(list.first_ == nullptr ? 0 : list.first_->bytes),
              segment_bytes_(list.segment_bytes()), blocks_offset_(list.blocks_offset_) {}

        // False for a pointer that is not among the blocks of any segment.
        CENOTE_ALWAYS_INLINE bool operator()(const void* p, segment*& in,
                                             std::size_t& offset) const noexcept {
            const std::uintptr_t address = address_of(p);
            if (address - address_of(first_) < first_bytes_) {
                in = first_;
                offset = address - address_of(first_->blocks);
                return offset < first_bytes_;
            }
            const std::uintptr_t base = address & ~(segment_bytes_ - 1);
            in = reinterpret_cast<segment*>(base);
            offset = address - base - blocks_offset_;
            return members_.contains(base) && offset < segment_bytes_;
        }

    private:
        segment_index::view members_;
        segment* first_;
        std::size_t first_bytes_;
        std::size_t segment_bytes_;
        std::size_t blocks_offset_;
    };

    // A bounded source that one segment cannot use up is cut into sixteenths at least, as what lies before the first
    // multiple of the segment's size is lost.
    static constexpr std::size_t segment_bytes_for(const Geometry& g, const growth& policy,
                                                   [[maybe_unused]] const Source& source) noexcept {
        std::size_t wanted = policy.segment_bytes;
        if constexpr (bounded_source<Source>) wanted = detail::min(wanted, source.largest(1) / 16);
        return detail::clamp(std::bit_floor(detail::max<std::size_t>(wanted, 1)), 2 * g.stride(),
                             word_bits * g.stride());
    }
    // Where the index has its table from: the source, unless that names another one.
    auto& tables() noexcept {
        if constexpr (requires { source_.tables(); })
            return source_.tables();
        else
            return source_;
    }
    std::size_t segment_bytes() const noexcept { return index_.segment_bytes(); }
    std::size_t segment_alignment() const noexcept {
        return detail::max(geometry_.alignment(), alignof(segment));
    }
    std::size_t slab_alignment() const noexcept { return detail::max(geometry_.alignment(), slab_page); }

    // Header words for `blocks` blocks from the first on.
    std::size_t summary_words(std::size_t blocks) const noexcept {
        return divide_up(blocks, geometry_.blocks_per_slab());
    }
    std::size_t bitmap_words(std::size_t blocks) const noexcept {
        const std::size_t rest = blocks % geometry_.blocks_per_slab();
        return blocks / geometry_.blocks_per_slab() * geometry_.words_per_slab() + divide_up(rest, word_bits);
    }
    static std::size_t spare_words_for(std::size_t blocks) noexcept {
        return detail::clamp<std::size_t>(blocks / 4, 2, max_spare_words);
    }
    std::size_t first_header(std::size_t blocks) const noexcept {
        const std::size_t words = bitmap_words(blocks) + summary_words(blocks) + spare_words_for(blocks);
        const bool one_slab = blocks <= geometry_.blocks_per_slab();
        return round_up(sizeof(segment) + words * sizeof(std::uint64_t) + guard_bytes,
                        one_slab && guard_bytes == 0 ? segment_alignment() : slab_alignment());
    }
    static constexpr std::size_t aligned_header(const Geometry& g, std::size_t segment_bytes) noexcept {
        const std::size_t slabs = segment_bytes >> g.stride_shift();
        const std::size_t words = slabs * (g.words_per_slab() + 1);
        return round_up(sizeof(segment) + words * sizeof(std::uint64_t) + guard_bytes,
                        detail::max(g.alignment(), slab_page));
    }
    // Bytes of a segment whose header and blocks take `bytes`, and what is there for them in a segment of `bytes`.
    static constexpr std::size_t with_guard(std::size_t bytes) noexcept {
        return guard_bytes == 0 ? bytes : round_up(bytes, guard_bytes) + guard_bytes;
    }
    static constexpr std::size_t without_guard(std::size_t bytes) noexcept {
        return guard_bytes == 0 ? bytes : round_down(bytes, guard_bytes) - guard_bytes;
    }
    // The distance from a segment's first block to the end of its block number `blocks`.
    std::size_t room_for(std::size_t blocks) const noexcept {
        const std::size_t last = blocks - 1;
        return (last / geometry_.blocks_per_slab() << geometry_.stride_shift()) +
               (last % geometry_.blocks_per_slab() + 1) * geometry_.block_size();
    }
    // How many blocks `room` bytes hold.
    std::size_t blocks_in(std::size_t room) const noexcept {
        const std::size_t rest = room & (geometry_.stride() - 1);
        return detail::min((room >> geometry_.stride_shift()) * geometry_.blocks_per_slab() +
                               detail::min(rest / geometry_.block_size(), geometry_.blocks_per_slab()),
                           word_bits * geometry_.blocks_per_slab());
    }

    std::size_t ordinal(block_place at) const noexcept {
        return at.slab * geometry_.blocks_per_slab() + at.index;
    }

    bool find_opened(const void* p, segment*& in, std::size_t& offset) const noexcept {
        if (!locator{*this}(p, in, offset)) return false;
        const block_place at = place_of(offset);
        return is_first_byte(at, offset) && ordinal(at) < in->opened;
    }
    block_place place_of(std::size_t offset) const noexcept {
        return {offset >> geometry_.stride_shift(), geometry_.index_of(offset & (geometry_.stride() - 1))};
    }
    bool is_first_byte(block_place at, std::size_t offset) const noexcept {
        return at.index < geometry_.blocks_per_slab() &&
               (offset & (geometry_.stride() - 1)) == at.index * geometry_.block_size();
    }
    std::uint64_t& word_of(segment& in, block_place at) const noexcept {
        return in.bitmap()[at.slab * geometry_.words_per_slab() + at.index / word_bits];
    }

    // Takes the lowest free blocks of one bitmap word, as many as there are or as fit between `out` and `next`; writes
    // them from `next` down and returns the last written. Needs a segment in nonfull_.
    CENOTE_ALWAYS_INLINE std::byte** take_word(std::byte** out, std::byte** next) noexcept {
        // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): callers found a segment there
        segment& s = *nonfull_;
        const unsigned slab = lowest_bit(s.nonfull);
        std::uint64_t& summary = s.summary()[slab];
        const unsigned w = lowest_bit(summary);
        std::uint64_t& word = s.bitmap()[slab * geometry_.words_per_slab() + w];
        std::byte* const first = s.at(geometry_, {slab, std::size_t{w} * word_bits});

        std::uint64_t rest = word;
        if (rest == all_ones && next - out >= static_cast<std::ptrdiff_t>(word_bits)) {
            for (std::size_t b = 0; b != word_bits; ++b)
                next[-1 - static_cast<std::ptrdiff_t>(b)] = first + b * geometry_.block_size();
            next -= word_bits;
            rest = 0;
        } else {
            do {
                *--next = first + lowest_bit(rest) * geometry_.block_size();
                rest &= rest - 1;
            } while (rest != 0 && next != out);
        }
        word = rest;
        s.given_back &= ~(std::uint64_t{1} << slab);
        if (rest == 0) {
            summary &= summary - 1;
            if (summary == 0) {
                s.nonfull &= s.nonfull - 1;
                if (s.nonfull == 0) nonfull_ = s.next_nonfull;
            }
        }
        return next;
    }

    // Opens the next slab that was never used. False when there is none.
    bool open_next() noexcept {
        segment* const s = unopened_;
        if (s == nullptr) return false;
        const std::size_t before = s->opened;
        if (s->open_slab(geometry_)) push_nonfull(s);
        first_->of_all.opened += s->opened - before;
        ++first_->of_all.slabs;
        if (s->opened == s->total) unopened_ = s->next_unopened;
        return true;
    }

    void push_nonfull(segment* s) noexcept {
        s->next_nonfull = nonfull_;
        nonfull_ = s;
    }

    // Adds a segment with room for `blocks` more, or for less: as the growth policy, the source and the largest
    // possible segment allow.
    CENOTE_COLD bool add_segment(std::size_t blocks) noexcept {
        if (first_ == nullptr) return add_first(blocks);
        return add_aligned(blocks);
    }

    bool add_first(std::size_t blocks) noexcept {
        const std::size_t most = detail::min(max_objects_, word_bits * geometry_.blocks_per_slab());
        std::size_t wanted =
            with_guard(first_header(detail::min(blocks, most)) + room_for(detail::min(blocks, most)));
        wanted = detail::max<std::size_t>(wanted, first_bytes_);
        const std::size_t least = with_guard(first_header(1) + room_for(1));
        wanted = detail::min(segment_goal(source_, wanted, least, segment_alignment()),
                             with_guard(first_header(most) + room_for(most)));
        const segment_memory got = take_segment(source_, wanted, least, segment_alignment());
        if (got.base == nullptr) return false;
        const std::size_t fit = first_fit(without_guard(got.bytes), most);
        first_ = construct(got, first_header(fit), fit, bitmap_words(fit));
        count(*first_);
        return true;
    }
    // The largest number of blocks up to `most` that fits `bytes` together with its own header.
    std::size_t first_fit(std::size_t bytes, std::size_t most) const noexcept {
        std::size_t low = 1;
        std::size_t high = most;
        while (low < high) {
            const std::size_t middle = high - (high - low) / 2;
            if (first_header(middle) + room_for(middle) <= bytes)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }

    bool add_aligned(std::size_t blocks) noexcept {
        const std::size_t allowed = max_objects_ - capacity_;
        const std::size_t header = blocks_offset_;
        std::size_t wanted = segment_bytes();
        const std::size_t useful = first_bytes_ == whole ? detail::min(blocks, allowed) : allowed;
        if (useful < blocks_in(without_guard(wanted) - header))
            wanted = with_guard(header + room_for(useful));
        // The index first, while a source with little left still has its few bytes.
        if (!index_.reserve_one(tables())) return false;
        const segment_memory got =
            take_segment(source_, wanted, with_guard(header + room_for(1)), segment_bytes());
        if (got.base == nullptr) {
            if (index_.empty()) index_.free_table(tables());
            return false;
        }
        const std::size_t slabs = segment_bytes() >> geometry_.stride_shift();
        const std::size_t fit = blocks_in(without_guard(got.bytes) - header);
        segment* const s =
            construct(got, header, detail::min(fit, allowed), slabs * geometry_.words_per_slab());
        count(*s);
        index_.insert(address_of(s));
        return true;
    }

    void count(const segment& added) noexcept {
        first_->of_all.bytes += added.bytes;
        ++first_->of_all.segments;
    }
    segment* construct(segment_memory memory, std::size_t header, std::size_t blocks,
                       std::size_t words) noexcept {
        auto* const s = ::new (memory.base) segment;
        s->blocks = static_cast<std::byte*>(memory.base) + header;
        s->bytes = memory.bytes;
        s->total = static_cast<std::uint32_t>(blocks);
        s->bitmap_words = static_cast<std::uint32_t>(words);
        s->next = segments_;
        segments_ = s;
        s->next_unopened = unopened_;
        unopened_ = s;
        capacity_ += blocks;
        if constexpr (guard_bytes != 0) {
            source_.guard(s->blocks - guard_bytes);
            source_.guard(static_cast<std::byte*>(memory.base) + without_guard(memory.bytes));
        }
        return s;
    }

    // Undoes what a grow that failed added behind `before`; nothing of it was opened.
    void release_newest(segment* before) noexcept {
        if (segments_ == before) return;
        while (segments_ != before) {
            segment* const s = segments_;
            segments_ = s->next;
            unopened_ = s->next_unopened;
            drop(s);
            if (s == first_) first_ = nullptr;
        }
        rebuild_index();
    }

    // Gives back one of several, or one that a grow which failed had added.
    void drop(segment* s) noexcept {
        capacity_ -= s->total;
        // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there is a first segment as long as there is any
        segment_sums& all = first_->of_all;
        all.bytes -= s->bytes;
        --all.segments;
        all.opened -= s->opened;
        all.slabs -= s->opened_slabs(geometry_);
        release(s);
    }
    void release(segment* s) noexcept {
        const std::size_t bytes = s->bytes;
        const std::size_t alignment = s == first_ ? segment_alignment() : segment_bytes();
        show_range(s, bytes);
        source_.deallocate(s, bytes, alignment);
    }

    // Takes `kept` as the list of all segments and makes everything else follow from it.
    void rebuild(segment* kept) noexcept {
        segments_ = kept;
        nonfull_ = unopened_ = nullptr;
        for (segment* s = kept; s != nullptr; s = s->next) {
            if (s->nonfull != 0) push_nonfull(s);
            if (s->opened != s->total) {
                s->next_unopened = unopened_;
                unopened_ = s;
            }
        }
        rebuild_index();
    }
    void rebuild_index() noexcept {
        index_.clear();
        for (segment* s = segments_; s != nullptr; s = s->next)
            if (s != first_) index_.insert(address_of(s));
        if (index_.empty()) index_.free_table(tables());
    }

    // Gives the pages back that hold nothing but free blocks, of the slabs that changed since that was done last: of all,
    // or from the highest on until it was `most` bytes. What the source refuses it is asked for again the next time. Returns
    // bytes.
    std::size_t give_pages_back(segment& s, std::size_t most) noexcept {
        std::size_t given = 0;
        if constexpr (decommitting_source<Source>) {
            const std::size_t slabs = s.opened_slabs(geometry_);
            for (std::size_t slab = slabs; slab-- != 0 && given < most;) {
                const std::uint64_t bit = std::uint64_t{1} << slab;
                if ((s.given_back & bit) != 0 || ((s.nonfull & bit) == 0)) continue;
                bool is_refused = false;
                given += give_free_pages(s, slab, slab + 1 == slabs, is_refused);
                if (!is_refused) s.given_back |= bit;
            }
        }
        return given;
    }
    // What lies between the last block of a slab and the next slab goes with the last block.
    std::size_t give_free_pages(segment& s, std::size_t slab, bool is_last_slab,
                                bool& is_refused) noexcept requires decommitting_source<Source> {
        const std::size_t opened = s.opened_in(geometry_, slab);
        const bool to_its_end = opened == geometry_.blocks_per_slab() && !is_last_slab;
        std::size_t given = 0;
        for (std::size_t first = next_block(s, slab, 0, opened, true); first != opened;) {
            const std::size_t last = next_block(s, slab, first, opened, false);
            std::size_t bytes = (last - first) * geometry_.block_size();
            if (last == opened && to_its_end) bytes = geometry_.stride() - first * geometry_.block_size();
            const bool is_all = last - first == opened;
            if (is_all || bytes >= least_given_back) {
                const std::size_t went = source_.decommit(s.at(geometry_, {slab, first}), bytes);
                given += went;
                // There was at least one OS page to give.
                if (went == 0 && bytes >= least_given_back) is_refused = true;
            }
            first = next_block(s, slab, last, opened, true);
        }
        return given;
    }
    // The first block from `from` on that is free, or is not; `opened` where there is none.
    std::size_t next_block(const segment& s, std::size_t slab, std::size_t from, std::size_t opened,
                           bool free) const noexcept {
        const std::uint64_t* const words = s.bitmap() + slab * geometry_.words_per_slab();
        while (from < opened) {
            const std::uint64_t word = free ? words[from / word_bits] : ~words[from / word_bits];
            const std::uint64_t rest = word >> (from % word_bits);
            if (rest != 0) return detail::min(from + lowest_bit(rest), opened);
            from = round_down(from, word_bits) + word_bits;
        }
        return opened;
    }

    template <class Visitor>
    void visit_word(segment& s, std::size_t slab, std::size_t w, Visitor& visit) {
        const std::uint64_t open = s.opened_mask(geometry_, slab, w);
        if (open == 0) return;
        const std::uint64_t& word = s.bitmap()[slab * geometry_.words_per_slab() + w];
        // The word is read again after every visit, which may have changed it.
        for (std::uint64_t ahead = all_ones; (open & ~word & ahead) != 0;) {
            const unsigned b = lowest_bit(open & ~word & ahead);
            // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): below 64, as the word is not 0
            ahead = b == word_bits - 1 ? 0 : all_ones << (b + 1);
            visit(s.at(geometry_, {slab, w * word_bits + b}));
        }
    }

    std::size_t taken_in(const segment& s) const noexcept {
        std::size_t free = 0;
        for (std::size_t slab = 0; slab != s.opened_slabs(geometry_); ++slab)
            for (std::size_t w = 0; w != geometry_.words_per_slab() && s.opened_mask(geometry_, slab, w) != 0;
                 ++w)
                free +=
                    static_cast<std::size_t>(count_bits(s.bitmap()[slab * geometry_.words_per_slab() + w]));
        return s.opened - free;
    }
    static bool on_stack(const segment* top, const segment* s, segment* segment::*next) noexcept {
        while (top != nullptr && top != s)
            top = top->*next;
        return top == s;
    }

    CENOTE_NO_UNIQUE_ADDRESS Geometry geometry_;
    CENOTE_NO_UNIQUE_ADDRESS Source source_;
    segment* first_ = nullptr;
    segment* segments_ = nullptr;
    segment* nonfull_ = nullptr;
    segment* unopened_ = nullptr;
    segment_index index_;
    std::size_t capacity_ = 0; // blocks
    std::size_t taken_ = 0;    // blocks
    std::size_t max_objects_;
    std::uint32_t first_bytes_;   // `whole`: the room for max_objects_ in one go
    std::uint32_t blocks_offset_; // from an aligned segment's first byte to its first block
};

} // namespace cenote::detail
