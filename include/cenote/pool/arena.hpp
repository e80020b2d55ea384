// Layer: pool. Rung 1 of the ladder, grown up: cut pieces from a big slab one after the other, free all at once.
//
//     current_ --------------------------.
//     first_ -> [ header | used ...... ] -> [ header | used ... | free ... ] -> [ header | kept for reuse ] -> nullptr
//                                                               ^ next_    ^ end_
//
//     cenote::arena frame;
//     auto* v = frame.create<view>(args);        // ~view runs at reset, rewind or the arena's death
//     void* raw = frame.allocate(100, 16);       // no destructor
//     frame.reset(reset_mode::retain_capacity());
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/base/invalid_argument.hpp"
#include "cenote/base/poison.hpp"
#include "cenote/base/units.hpp"
#include "cenote/pool/construct.hpp"
#include "cenote/pool/exhausted.hpp"
#include "cenote/pool/options.hpp"
#include "cenote/pool/pool_label.hpp"
#include "cenote/source/segment.hpp"
#include "cenote/source/vm_source.hpp"

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace cenote {

// How an arena grows: each slab twice the last, from `first_bytes` to `largest_bytes`, or as large as a request needs.
struct arena_growth {
    std::size_t first_bytes = 4_KiB;   // of the first slab
    std::size_t largest_bytes = 1_MiB; // of the largest, but for a request that needs more
    // In messages and reports, as growth::named says; its blocks are bytes. A named arena tells when it comes to its next slab,
    // O(slabs), and at a reset.
    const char* name = nullptr;
};

struct arena_stats {
    std::size_t used = 0; // bytes handed out, with the padding between them and the records of destructors
    std::size_t capacity = 0; // bytes held for pieces, the used ones included
    std::size_t bytes = 0;    // taken from the source
    std::size_t slabs = 0;    // the caller's buffer included
};

// Not thread-safe. Movable; an arena that was moved from may only be destroyed. Pieces are never freed one by one.
// AddressSanitizer sees the use of what was not handed out or was dropped; Valgrind, whose requests the fast path has
// no room for, does not.
template <memory_source Source = vm_source>
class basic_arena {
    struct slab {
        slab* next;
        std::size_t bytes; // header included
        bool from_source;  // else the caller's buffer
        std::byte* begin() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
        std::byte* end() noexcept { return reinterpret_cast<std::byte*>(this) + bytes; }
    };
    // A destructor that is due; lies in the arena in front of its object.
    struct due {
        due* older;
        void (*run)(void* objects, std::size_t count) noexcept;
        void* objects;
        std::size_t count;
    };

public:
    // A place to go back to; see rewind.
    class mark {
        friend basic_arena;
        slab* current = nullptr;
        std::byte* next = nullptr;
        due* newest = nullptr;
    };

    // Takes no memory.
    basic_arena() requires std::default_initializable<Source> : basic_arena(arena_growth{}) {}
    explicit basic_arena(arena_growth policy, Source source = {})
        : source_(std::move(source)), policy_(policy), label_(policy.name) {}
    // Uses the caller's buffer first; it must outlive the arena. A buffer too small to be of use is ignored.
    explicit basic_arena(std::span<std::byte> buffer, arena_growth policy = {}, Source source = {})
        : basic_arena(policy, std::move(source)) {
        const std::size_t skip = detail::round_up(detail::address_of(buffer.data()), alignof(slab)) -
                                 detail::address_of(buffer.data());
        if (buffer.size() <= skip + sizeof(slab)) return;
        first_ = ::new (buffer.data() + skip) slab{nullptr, buffer.size() - skip, false};
        detail::poison(first_->begin(), first_->bytes - sizeof(slab));
        enter(first_);
    }
    basic_arena(basic_arena&& other) noexcept
        : source_(std::move(other.source_)), next_(std::exchange(other.next_, nullptr)),
          end_(std::exchange(other.end_, nullptr)), newest_(std::exchange(other.newest_, nullptr)),
          first_(std::exchange(other.first_, nullptr)), current_(std::exchange(other.current_, nullptr)),
          policy_(other.policy_), label_(std::move(other.label_)) {}
    basic_arena& operator=(basic_arena&&) = delete;
    ~basic_arena() {
        drop(reset_mode::free_all());
        if (first_ != nullptr) detail::unpoison(first_->begin(), first_->bytes - sizeof(slab));
    }

    // `bytes` uninitialised bytes at a multiple of `alignment`. Zero bytes give a pointer of their own, too. Throws
    // std::invalid_argument if the alignment is not a power of two, std::bad_alloc if the source refuses or the size
    // is beyond any memory; the arena is then as it was. O(1), but for growth.
    [[nodiscard]] CENOTE_ALWAYS_INLINE void* allocate(std::size_t bytes,
                                                      std::size_t alignment = alignof(std::max_align_t)) {
        if (!std::has_single_bit(alignment)) [[unlikely]]
            detail::throw_invalid_argument("arena: the alignment must be a power of two");
        void* const p = try_allocate(bytes, alignment);
        if (p == nullptr) [[unlikely]]
            throw_exhausted();
        return p;
    }

    // As allocate, but returns nullptr on any failure.
    [[nodiscard]] CENOTE_ALWAYS_INLINE void*
    try_allocate(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) noexcept {
        bytes = std::max<std::size_t>(bytes, 1);
        const std::size_t pad = (0 - detail::address_of(next_)) & (alignment - 1);
        const auto left = static_cast<std::size_t>(end_ - next_);
        if (!std::has_single_bit(alignment) || pad > left || bytes > left - pad) [[unlikely]]
            return allocate_in_next_slab(bytes, alignment);
        std::byte* const p = next_ + pad;
        next_ = p + bytes;
        detail::hand_out(p, bytes);
        return p;
    }

    // A new T(args...), destroyed at reset, at a rewind to before it, or with the arena, newest first. Throws
    // std::bad_alloc, and whatever T's constructor throws; nothing is used up then, and what the constructor itself
    // took from this arena is gone. O(1), but for growth.
    template <class T, class... Args>
    [[nodiscard]] T* create(Args&&... args) {
        T* const p = try_create<T>(std::forward<Args>(args)...);
        if (p == nullptr) [[unlikely]]
            throw_exhausted();
        return p;
    }

    // As create, but returns nullptr instead of throwing std::bad_alloc. What T's constructor throws still comes out.
    template <class T, class... Args>
    [[nodiscard]] T* try_create(Args&&... args) noexcept(std::is_nothrow_constructible_v<T, Args...>) {
        undo on_failure{*this};
        const piece at = take_for<T>(1);
        if (at.memory == nullptr) return nullptr;
        T* const p = detail::construct_at<T>(at.memory, std::forward<Args>(args)...);
        make_due<T>(at, 1);
        on_failure.not_needed();
        return p;
    }

    // `count` value-initialised objects side by side, destroyed as those of create. Throws std::bad_alloc, and whatever
    // T's constructor throws, after destroying those already made.
    template <class T>
    [[nodiscard]] std::span<T> create_n(std::size_t count) {
        const std::span<T> made = try_create_n<T>(count);
        if (made.data() == nullptr) [[unlikely]]
            throw_exhausted();
        return made;
    }

    // As create_n, but returns a span whose data() is nullptr instead of throwing std::bad_alloc.
    template <class T>
    [[nodiscard]] std::span<T>
    try_create_n(std::size_t count) noexcept(std::is_nothrow_default_constructible_v<T>) {
        if (count > static_cast<std::size_t>(-1) / 2 / sizeof(T)) return {};
        undo on_failure{*this};
        const piece at = take_for<T>(count);
        if (at.memory == nullptr) return {};
        T* const first = static_cast<T*>(at.memory);
        std::uninitialized_value_construct_n(first, count);
        make_due<T>(at, count);
        on_failure.not_needed();
        return {first, count};
    }

    // Drops everything in one go: runs the destructors that are due, newest first, then deals with the memory as `mode`
    // says. The caller's buffer is kept in every mode and not counted in a limit. Always true: nothing has to be
    // allocated again. O(destructors + slabs).
    bool reset(reset_mode mode) noexcept {
        drop(mode);
        tell(detail::asked::other);
        return true;
    }

    // The present place. O(1).
    mark get_mark() const noexcept {
        mark m;
        m.current = current_;
        m.next = next_;
        m.newest = newest_;
        return m;
    }

    // Drops everything made since `to` was taken, running destructors newest first; the memory is kept for reuse.
    // Marks are rewound in reverse order of taking; one from before a reset is undefined. O(destructors + slabs).
    void rewind(const mark& to) noexcept {
        run_due(to.newest);
        slab* s = to.current == nullptr ? first_ : to.current;
        if (s == nullptr) return;
        std::byte* const next = to.current == nullptr ? s->begin() : to.next;
        detail::take_in(next, static_cast<std::size_t>(s->end() - next));
        for (slab* later = s; later != current_;) {
            later = later->next;
            detail::take_in(later->begin(), later->bytes - sizeof(slab));
        }
        current_ = s;
        next_ = next;
        end_ = s->end();
    }

    // Rewinds at the end of a block of code.
    class scope {
    public:
        explicit scope(basic_arena& in) noexcept : in_(in), from_(in.get_mark()) {}
        ~scope() { in_.rewind(from_); }
        scope(const scope&) = delete;
        scope& operator=(const scope&) = delete;

    private:
        basic_arena& in_;
        mark from_;
    };

    // What is used, and what is held. O(slabs).
    arena_stats stats() const noexcept {
        arena_stats s;
        bool passed = current_ == nullptr;
        for (slab* at = first_; at != nullptr; at = at->next) {
            const std::size_t room = at->bytes - sizeof(slab);
            s.capacity += room;
            s.bytes += at->from_source ? at->bytes : 0;
            ++s.slabs;
            if (at == current_) s.used += static_cast<std::size_t>(next_ - at->begin());
            if (!passed && at != current_) s.used += room;
            passed = passed || at == current_;
        }
        return s;
    }

    Source& source() noexcept { return source_; }
    const Source& source() const noexcept { return source_; }

private:
    // Rewinds to where it was made, unless told that this is not needed.
    class undo {
    public:
        explicit undo(basic_arena& in) noexcept : in_(&in), to_(in.get_mark()) {}
        ~undo() {
            if (in_ != nullptr) in_->rewind(to_);
        }
        undo(const undo&) = delete;
        undo& operator=(const undo&) = delete;
        void not_needed() noexcept { in_ = nullptr; }

    private:
        basic_arena* in_;
        mark to_;
    };

    struct piece {
        void* memory = nullptr;
        void* record = nullptr; // room for a `due`, where T needs one
    };

    template <class T>
    piece take_for(std::size_t count) noexcept {
        piece at;
        if constexpr (!std::is_trivially_destructible_v<T>) {
            at.record = try_allocate(sizeof(due), alignof(due));
            if (at.record == nullptr) return at;
        }
        at.memory = try_allocate(count * sizeof(T), alignof(T));
        return at;
    }
    template <class T>
    void make_due([[maybe_unused]] piece at, [[maybe_unused]] std::size_t count) noexcept {
        if constexpr (!std::is_trivially_destructible_v<T>) {
            newest_ = ::new (at.record) due{newest_, &destroy_in_reverse<T>, at.memory, count};
        }
    }
    template <class T>
    static void destroy_in_reverse(void* objects, std::size_t count) noexcept {
        T* const first = static_cast<T*>(objects);
        while (count != 0)
            first[--count].~T();
    }
    // Runs the destructors that came after `until`.
    void run_due(due* until) noexcept {
        while (newest_ != until) {
            due* const d = newest_;
            newest_ = d->older;
            d->run(d->objects, d->count);
        }
    }

    void drop(reset_mode mode) noexcept {
        run_due(nullptr);
        slab** from = &first_;
        std::size_t held = 0;
        while (*from != nullptr) {
            slab* const s = *from;
            if (s->from_source && (mode.frees_all() || s->bytes > mode.limit() - held)) {
                *from = s->next;
                release(s);
                continue;
            }
            if (s->from_source) held += s->bytes;
            detail::take_in(s->begin(), s->bytes - sizeof(slab));
            from = &s->next;
        }
        current_ = nullptr;
        next_ = end_ = nullptr;
        if (first_ != nullptr) enter(first_);
    }

    void tell(detail::asked what) noexcept {
        if (!label_.is_named()) [[likely]]
            return;
        const arena_stats s = stats();
        label_.tell(what, "arena",
                    {.block_size = 1,
                     .live = s.used,
                     .capacity = s.capacity,
                     .limit = static_cast<std::size_t>(-1),
                     .bytes = s.bytes,
                     .opened = s.used,
                     .segments = s.slabs,
                     .slabs = s.slabs});
    }
    [[noreturn]] CENOTE_COLD void throw_exhausted() const {
        const arena_stats s = stats();
        detail::throw_exhausted(
            {"arena", this, 1, label_.name()},
            {.live = s.used, .capacity = s.capacity, .limit = static_cast<std::size_t>(-1)},
            detail::budget_of(source_));
    }

    void enter(slab* s) noexcept {
        current_ = s;
        next_ = s->begin();
        end_ = s->end();
    }

    // Goes on in the next slab that is large enough, or takes a new one from the source. nullptr, and nothing changed,
    // when the source refuses.
    CENOTE_COLD void* allocate_in_next_slab(std::size_t bytes, std::size_t alignment) noexcept {
        void* const p = detail::try_twice(
            source_, [=, this]() noexcept { return allocate_in_some_slab(bytes, alignment); });
        tell(p != nullptr ? detail::asked::refill : detail::asked::refused);
        return p;
    }
    void* allocate_in_some_slab(std::size_t bytes, std::size_t alignment) noexcept {
        constexpr std::size_t most = static_cast<std::size_t>(-1) / 4;
        if (!std::has_single_bit(alignment) || bytes > most || alignment > most) return nullptr;
        const std::size_t pad = alignment > alignof(slab) ? alignment - alignof(slab) : 0;
        const std::size_t least = sizeof(slab) + pad + bytes;
        slab* const kept = current_ == nullptr ? first_ : current_->next;
        if (kept == nullptr || kept->bytes < least) {
            slab* const added = add_slab(least);
            if (added == nullptr) return nullptr;
            slab** const link = current_ == nullptr ? &first_ : &current_->next;
            added->next = *link;
            *link = added;
            enter(added);
        } else {
            enter(kept);
        }
        return try_allocate(bytes, alignment);
    }

    slab* add_slab(std::size_t least) noexcept {
        const std::size_t doubled =
            current_ == nullptr ? policy_.first_bytes : std::max(policy_.first_bytes, current_->bytes * 2);
        const std::size_t wanted = detail::segment_goal(source_, std::min(doubled, policy_.largest_bytes),
                                                        least, alignof(std::max_align_t));
        const detail::segment_memory got =
            detail::take_segment(source_, wanted, least, alignof(std::max_align_t));
        if (got.base == nullptr) return nullptr;
        slab* const s = ::new (got.base) slab{nullptr, got.bytes, true};
        detail::poison(s->begin(), s->bytes - sizeof(slab));
        return s;
    }
    void release(slab* s) noexcept {
        const std::size_t bytes = s->bytes;
        detail::unpoison(s, bytes);
        source_.deallocate(s, bytes, alignof(std::max_align_t));
    }

    CENOTE_NO_UNIQUE_ADDRESS Source source_;
    std::byte* next_ = nullptr;
    std::byte* end_ = nullptr;
    due* newest_ = nullptr;
    slab* first_ = nullptr;
    slab* current_ = nullptr; // nullptr: nothing was handed out of first_
    arena_growth policy_;
    detail::pool_label label_;
};

// Over the OS, where nothing else is said.
using arena = basic_arena<>;

} // namespace cenote
