// Layer: pool. Rungs 2 to 4 of the ladder as the textbooks have them: a free list threaded through the blocks, growth
// by linked slabs, exact alignment. No side storage: what the pool knows is in the slabs and three pointers.
//
//     slabs_ -> [ header | block | block | ... ] -> [ header | block | ... ] -> nullptr
//                              next_ ^        ^ end_      (of the newest slab)
//
// Take `object_pool` unless side storage is out of the question: this one is as fast while its free list is short
// and in cache, and many times slower when blocks are freed in random order. It is also the yardstick.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/base/units.hpp"
#include "cenote/freelist/free_list.hpp"
#include "cenote/pool/construct.hpp"
#include "cenote/pool/exhausted.hpp"
#include "cenote/pool/options.hpp"
#include "cenote/pool/pool_label.hpp"
#include "cenote/pool/watched.hpp"
#include "cenote/slab/geometry.hpp"
#include "cenote/slab/growth.hpp"
#include "cenote/source/segment.hpp"
#include "cenote/source/vm_source.hpp"

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace cenote {

// Objects of one type. Not thread-safe. Movable; a pool that was moved from may only be destroyed.
//
// The interface is that of object_pool as far as a free list can honour it. It cannot say which blocks are live:
//   - there is no for_each and no is_live, and `trim` gives memory back only when nothing is live;
//   - `reset`, and the pool's own death, cannot run destructors: types that have one need leftovers::abort (the
//     default for them), which reports objects left alive, and reset only when nothing is live;
//   - a double destroy is caught when the object was the last one destroyed, with full checks always. They mark free
//     blocks of two words or more, and search the list only for a block that carries the mark, or has no room for it.
// Blocks hold at least a pointer. AddressSanitizer sees the objects; Valgrind with full checks: its requests are in every call then.
template <class T,
          pool_options Options =
              pool_options{.at_death =
                               std::is_trivially_destructible_v<T> ? leftovers::leave : leftovers::abort},
          memory_source Source = vm_source>
class intrusive_pool {
    static_assert(std::is_object_v<T> && !std::is_array_v<T>,
                  "intrusive_pool holds objects: no references, functions or arrays");
    static_assert(Options.alignment == 0 || std::has_single_bit(Options.alignment),
                  "pool_options::alignment is a power of two");
    static_assert(Options.at_death != leftovers::destroy,
                  "a free list does not know which objects are alive: use object_pool");
    static_assert(Options.at_death != leftovers::leave || std::is_trivially_destructible_v<T>,
                  "leftovers::leave is for trivially destructible types: the destructors would never run");

    static constexpr std::size_t block_alignment =
        std::max({alignof(T), Options.alignment, alignof(free_list::link)});
    static constexpr bool has_stand_ins = CENOTE_STAND_INS != 0 && !is_callers_memory<Source>;
    static constexpr std::size_t block_bytes =
        detail::block_size_for(std::max(sizeof(T), sizeof(free_list::link)), block_alignment);

public:
    using value_type = T;
    using deleter = detail::pool_deleter<intrusive_pool>;

    // Takes no memory. The slabs start at growth::first_bytes and double up to growth::segment_bytes.
    intrusive_pool() requires std::default_initializable<Source> : intrusive_pool(growth{}) {}
    explicit intrusive_pool(growth policy, Source source = {})
        : source_(std::move(source)), policy_(policy), label_(policy.name) {}
    intrusive_pool(intrusive_pool&& other) noexcept
        : source_(std::move(other.source_)), free_(std::move(other.free_)),
          slabs_(std::exchange(other.slabs_, nullptr)), next_(std::exchange(other.next_, nullptr)),
          end_(std::exchange(other.end_, nullptr)), capacity_(std::exchange(other.capacity_, 0)),
          policy_(other.policy_), label_(std::move(other.label_)) {}
    intrusive_pool& operator=(intrusive_pool&&) = delete;
    ~intrusive_pool() {
        if constexpr (Options.at_death == leftovers::abort)
            require_none_live("pool dies while objects are alive");
        release_all();
    }

    // A new T(args...). Throws std::bad_alloc when the limit is reached or the source refuses, and whatever T's
    // constructor throws; the pool is then as it was. O(1).
    template <class... Args>
    [[nodiscard]] CENOTE_ALWAYS_INLINE T* create(Args&&... args) {
        void* const p = allocate();
        if (p == nullptr) [[unlikely]]
            throw_exhausted();
        const giver back{*this};
        return detail::construct_in<T>(back, p, std::forward<Args>(args)...);
    }

    // As create, but returns nullptr instead of throwing std::bad_alloc. What T's constructor throws still comes out.
    template <class... Args>
    [[nodiscard]] CENOTE_ALWAYS_INLINE T*
    try_create(Args&&... args) noexcept(std::is_nothrow_constructible_v<T, Args...>) {
        void* const p = allocate();
        if (p == nullptr) [[unlikely]]
            return nullptr;
        const giver back{*this};
        return detail::construct_in<T>(back, p, std::forward<Args>(args)...);
    }

    // As create, owned by a std::unique_ptr that must be gone before the pool is. Needs cenote/smart_ptr.hpp.
    template <class... Args>
    [[nodiscard]] auto make_unique(Args&&... args) {
        using made = detail::make_unique_needs_cenote_smart_ptr_hpp<deleter>;
        return typename made::type{create(std::forward<Args>(args)...), deleter{*this}};
    }

    // Ends the object's life and takes its memory back; nullptr is ignored. O(1); with full checks O(slabs), for blocks
    // of one word O(free blocks). A pointer that is not a live object of this pool is undefined unless the checks
    // named above catch it.
    CENOTE_ALWAYS_INLINE void destroy(T* p) noexcept {
        if (p == nullptr) return;
        if constexpr (checks_full || CENOTE_ASAN != 0) check_live(p);
        if (checks_cheap && free_.top() == p) [[unlikely]]
            broken("double destroy", detail::block_of(p));
        p->~T();
        deallocate(detail::block_of(p));
    }

    // Afterwards `objects` creates cannot fail and do not call the source. Throws std::bad_alloc, with the pool as it
    // was, when the limit or the source does not allow that. O(objects).
    void preheat(std::size_t objects) {
        if (!try_preheat(objects)) throw_exhausted();
    }
    [[nodiscard]] bool try_preheat(std::size_t objects) noexcept {
        return detail::try_twice(
            source_, [this, objects]() noexcept { return preheat_blocks(objects); },
            [this]() noexcept { tell(detail::asked::refused); });
    }

    // Gives everything back to the source if no object is live, else nothing. Returns bytes. O(free blocks).
    std::size_t trim() noexcept {
        const std::size_t given = live() == 0 ? release_all() : 0;
        tell(detail::asked::other);
        return given;
    }

    // Drops every object in one go; `mode` says what happens to the memory. Always true. O(slabs) for free_all, else
    // O(capacity). For types with a destructor, a live object is a broken contract.
    bool reset(reset_mode mode) noexcept {
        if constexpr (!std::is_trivially_destructible_v<T>)
            require_none_live("reset while objects are alive");
        if (mode.frees_all()) {
            release_all();
            tell(detail::asked::other);
            return true;
        }
        free_stand_ins();
        release_beyond(mode.limit());
        free_.clear();
        next_ = end_ = nullptr;
        for (slab* s = slabs_; s != nullptr; s = s->next)
            for (std::size_t i = s->blocks; i-- != 0;) {
                std::byte* const block = first_block(s) + i * block_bytes;
                detail::unpoison(block, block_bytes);
                if (detail::valgrind_may_access(block)) tell_freed(block); // it is live
                give_block(block);
            }
        tell(detail::asked::other);
        return true;
    }

    // Whether `p` is the first byte of a block of this pool, live or free. Any pointer may be asked. O(slabs).
    bool contains(const T* p) const noexcept {
        if constexpr (has_stand_ins) return holds(detail::stand_ins.other(p));
        return holds(p);
    }

    // Objects. O(free blocks).
    std::size_t live() const noexcept { return capacity_ - ahead() - count_free(capacity_); }
    std::size_t capacity() const noexcept { return capacity_; } // objects. O(1)
    // O(free blocks).
    pool_stats stats() const noexcept {
        pool_stats s{
            .live = live(), .capacity = capacity_, .limit = policy_.max_objects, .block_size = block_bytes};
        for (const slab* at = slabs_; at != nullptr; at = at->next) {
            s.bytes += at->bytes;
            ++s.segments;
        }
        s.slabs = s.segments;
        return s;
    }

    Source& source() noexcept { return source_; }
    const Source& source() const noexcept { return source_; }

    // Whether the pool's own structures are sound; for tests and audits. O(capacity).
    bool valid() const noexcept {
        std::size_t blocks = 0;
        for (const slab* s = slabs_; s != nullptr; s = s->next)
            blocks += s->blocks;
        return blocks == capacity_ && ahead() + count_free(capacity_ + 1) <= capacity_;
    }

private:
    // While it lives, Valgrind says nothing of links and marks in free blocks.
    class own_access {
    public:
        own_access() noexcept {
            if constexpr (checks_full) detail::valgrind_silence();
        }
        ~own_access() {
            if constexpr (checks_full) detail::valgrind_speak();
        }
        own_access(const own_access&) = delete;
        own_access& operator=(const own_access&) = delete;
    };
    std::size_t count_free(std::size_t most) const noexcept {
        const own_access quiet;
        return free_.count(most);
    }

    // Where construct_in gives the block back.
    struct giver {
        intrusive_pool& pool;
        void deallocate(void* p) const noexcept { pool.deallocate(p); }
    };

    struct slab {
        slab* next;
        std::size_t bytes; // as taken from the source
        std::size_t blocks;
    };
    static constexpr std::size_t header_bytes = detail::round_up(sizeof(slab), block_alignment);
    static constexpr std::size_t slab_alignment = std::max(block_alignment, alignof(slab));

    // MemorySanitizer would have it that nothing was written there.
    static constexpr bool marks_free_blocks =
        checks_full && CENOTE_MSAN == 0 && block_bytes >= 2 * sizeof(std::uint64_t);
    static constexpr std::uint64_t free_mark = 0xF4EEB10CF4EEB10C;
    static std::uint64_t& mark_of(void* block) noexcept { return static_cast<std::uint64_t*>(block)[1]; }

    static std::byte* first_block(slab* s) noexcept { return reinterpret_cast<std::byte*>(s) + header_bytes; }
    static const std::byte* first_block(const slab* s) noexcept {
        return reinterpret_cast<const std::byte*>(s) + header_bytes;
    }

    // Blocks of the newest slab that were never handed out.
    std::size_t ahead() const noexcept { return static_cast<std::size_t>(end_ - next_) / block_bytes; }

    // Whether a block begins there. O(slabs).
    bool holds(const void* p) const noexcept {
        for (const slab* s = slabs_; s != nullptr; s = s->next) {
            const std::size_t offset = detail::address_of(p) - detail::address_of(first_block(s));
            if (offset < s->blocks * block_bytes) return offset % block_bytes == 0;
        }
        return false;
    }

    CENOTE_ALWAYS_INLINE void* allocate() noexcept {
        if constexpr (has_stand_ins) return allocate_stand_in();
        void* const p = allocate_block();
        if constexpr (checks_full)
            if (p != nullptr && detail::running_on_valgrind()) detail::valgrind_allocated(p, block_bytes);
        return p;
    }
    void* allocate_stand_in() noexcept {
        void* const block = allocate_block();
        if (block == nullptr) return nullptr;
        void* const made = detail::stand_ins.make(block, sizeof(T), block_alignment);
        if (made == nullptr) free_.push(block, block_bytes);
        detail::poison(block, block_bytes);
        return made;
    }
    void free_stand_ins() noexcept {
        if constexpr (has_stand_ins)
            if (slabs_ != nullptr)
                detail::stand_ins.free_where([this](const void* block) { return holds(block); });
    }
    CENOTE_ALWAYS_INLINE void* pop_free() noexcept {
        const own_access quiet;
        void* const p = free_.pop(block_bytes);
        if constexpr (marks_free_blocks)
            if (p != nullptr) mark_of(p) = 0;
        return p;
    }
    CENOTE_ALWAYS_INLINE void* allocate_block() noexcept {
        if (void* const p = pop_free(); p != nullptr) [[likely]]
            return p;
        if (next_ == end_) [[unlikely]]
            return allocate_slowly();
        return take_next();
    }
    CENOTE_ALWAYS_INLINE void deallocate(void* p) noexcept {
        if constexpr (has_stand_ins) {
            p = detail::stand_ins.retire(p);
            detail::unpoison(p, block_bytes);
        }
        tell_freed(p);
        give_block(p);
    }
    CENOTE_ALWAYS_INLINE void tell_freed([[maybe_unused]] void* p) const noexcept {
        if constexpr (checks_full)
            if (detail::running_on_valgrind()) detail::valgrind_freed(p);
    }
    CENOTE_ALWAYS_INLINE void give_block(void* p) noexcept {
        const own_access quiet;
        if constexpr (marks_free_blocks) mark_of(p) = free_mark;
        free_.push(p, block_bytes);
    }

    // As grow(), and tells of it. There are no magazines: what a named pool tells is of its last growth, at which all
    // blocks were live, or of trim and reset.
    CENOTE_COLD bool grow_and_tell(std::size_t blocks) noexcept {
        if (!grow(blocks)) return false;
        tell(detail::asked::refill);
        return true;
    }
    bool preheat_blocks(std::size_t objects) noexcept {
        const std::size_t ready = ahead() + count_free(objects);
        return objects <= ready || grow_and_tell(objects - ready);
    }
    CENOTE_COLD void* allocate_slowly() noexcept {
        return detail::try_twice(
            source_,
            [this]() noexcept -> void* {
                // A callback may have put blocks back.
                if (void* const p = pop_free(); p != nullptr) return p;
                return next_ != end_ || grow_and_tell(1) ? take_next() : nullptr;
            },
            [this]() noexcept { tell(detail::asked::refused); });
    }
    void* take_next() noexcept {
        std::byte* const p = next_;
        next_ += block_bytes;
        detail::hand_out(p, block_bytes);
        return p;
    }
    void tell(detail::asked what) noexcept {
        if (!label_.is_named()) [[likely]]
            return;
        const pool_stats s = stats();
        label_.tell(
            what, "intrusive_pool",
            {s.block_size, s.live, s.capacity, s.limit, s.bytes, s.capacity - ahead(), s.segments, s.slabs});
    }
    detail::pool_identity identity() const noexcept {
        return {"intrusive_pool", this, block_bytes, label_.name()};
    }
    [[noreturn]] CENOTE_COLD void throw_exhausted() const {
        detail::throw_exhausted(identity(), stats(), detail::budget_of(source_));
    }

    // Adds one slab with room for `blocks`, or more as the policy says. False, and nothing changed, when the limit or
    // the source refuses.
    CENOTE_COLD bool grow(std::size_t blocks) noexcept {
        constexpr std::size_t max_blocks = (detail::max_pool_bytes - header_bytes) / block_bytes;
        const std::size_t allowed = policy_.max_objects - capacity_;
        const bool bounded_by_limit = allowed <= max_blocks;
        if (blocks > std::min(allowed, max_blocks) || (policy_.at_once && !bounded_by_limit)) return false;
        const std::size_t least = header_bytes + blocks * block_bytes;
        std::size_t wanted = policy_.at_once ? header_bytes + allowed * block_bytes : next_slab_bytes();
        wanted = detail::segment_goal(source_, wanted, least, slab_alignment);
        if (bounded_by_limit) wanted = std::min(wanted, header_bytes + allowed * block_bytes);

        const detail::segment_memory got = detail::take_segment(source_, wanted, least, slab_alignment);
        if (got.base == nullptr) return false;
        const std::size_t fit = std::min((got.bytes - header_bytes) / block_bytes, allowed);
        retire_ahead();
        slabs_ = ::new (got.base) slab{slabs_, got.bytes, fit};
        next_ = first_block(slabs_);
        end_ = next_ + fit * block_bytes;
        capacity_ += fit;
        detail::poison(next_, fit * block_bytes);
        if constexpr (checks_full) detail::valgrind_hide(next_, fit * block_bytes);
        return true;
    }
    std::size_t next_slab_bytes() const noexcept {
        if (slabs_ == nullptr) return policy_.first_bytes;
        return std::clamp(slabs_->bytes * 2, policy_.first_bytes,
                          std::max(policy_.first_bytes, policy_.segment_bytes));
    }
    // Blocks of the newest slab that a preheat skips are free like any other.
    void retire_ahead() noexcept {
        while (next_ != end_) {
            end_ -= block_bytes;
            detail::unpoison(end_, block_bytes);
            give_block(end_);
        }
    }

    // Returns bytes.
    std::size_t release_all() noexcept {
        free_stand_ins();
        const std::size_t given = release_beyond(0);
        free_.clear();
        next_ = end_ = nullptr;
        return given;
    }
    // Gives slabs back, newest and largest first, until at most `limit` bytes are held. Returns bytes.
    std::size_t release_beyond(std::size_t limit) noexcept {
        std::size_t held = stats_bytes();
        std::size_t given = 0;
        while (slabs_ != nullptr && held > limit) {
            slab* const s = slabs_;
            slabs_ = s->next;
            capacity_ -= s->blocks;
            held -= s->bytes;
            given += s->bytes;
            const std::size_t bytes = s->bytes;
            if constexpr (checks_full)
                if (detail::running_on_valgrind())
                    for (std::size_t i = 0; i != s->blocks; ++i)
                        if (std::byte* const block = first_block(s) + i * block_bytes;
                            detail::valgrind_may_access(block))
                            tell_freed(block); // Valgrind would call it leaked
            detail::show_range(s, bytes);
            source_.deallocate(s, bytes, slab_alignment);
        }
        return given;
    }
    std::size_t stats_bytes() const noexcept {
        std::size_t bytes = 0;
        for (const slab* s = slabs_; s != nullptr; s = s->next)
            bytes += s->bytes;
        return bytes;
    }

    CENOTE_COLD void check_live(T* p) const noexcept {
        const void* const raw = detail::block_of(p);
        if constexpr (has_stand_ins) {
            if (contains(p)) return;
            detail::describe_no_stand_in(detail::block_of(p));
            broken("destroy of a pointer that is not an object of this pool", raw);
        }
        if (detail::is_poisoned(raw)) broken("double destroy", raw);
        if (!checks_full) return;
        const bool never_created =
            detail::address_of(raw) - detail::address_of(next_) < static_cast<std::size_t>(end_ - next_);
        if (!contains(p) || never_created)
            broken("destroy of a pointer that is not an object of this pool", raw);
        if (is_free(detail::block_of(p))) broken("double destroy", raw);
    }
    bool is_free(void* block) const noexcept {
        const own_access quiet;
        return (!marks_free_blocks || mark_of(block) == free_mark) && free_.holds(block);
    }
    void require_none_live(const char* what) const noexcept {
        if (slabs_ != nullptr && live() != 0) broken(what, this);
    }
    [[noreturn]] CENOTE_COLD void broken(const char* what, const void* p) const noexcept {
        if constexpr (checks_full) detail::valgrind_describes(p, block_bytes);
        detail::broken_contract(identity(), what, p);
    }

    CENOTE_NO_UNIQUE_ADDRESS Source source_;
    free_list free_;
    slab* slabs_ = nullptr;
    std::byte* next_ = nullptr;
    std::byte* end_ = nullptr;
    std::size_t capacity_ = 0;
    growth policy_;
    detail::pool_label label_;
};

} // namespace cenote
