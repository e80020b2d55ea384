// Layer: pool. The engine for one thread: a magazine in front of slabs. `object_pool` and `block_pool` are this with
// a typed and an untyped face.
#pragma once

#include "cenote/base/algorithm.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/base/poison.hpp"
#include "cenote/pool/exhausted.hpp"
#include "cenote/pool/magazine.hpp"
#include "cenote/pool/options.hpp"
#include "cenote/pool/pool_label.hpp"
#include "cenote/pool/put_report.hpp"
#include "cenote/slab/slab_list.hpp"

#include <cstddef>
#include <utility>

namespace cenote::detail {

// `Kind` has a static `name`, for messages.
template <class Geometry, memory_source Source, class Kind>
class basic_pool {
public:
    basic_pool(const Geometry& geometry, const growth& policy, Source source)
        : label_(policy.name), slabs_(geometry, policy, std::move(source)) {}
    basic_pool(basic_pool&& other) noexcept
        : magazine_(std::move(other.magazine_)), label_(std::move(other.label_)),
          magazine_is_large_(std::exchange(other.magazine_is_large_, false)),
          slabs_(std::move(other.slabs_)) {}
    basic_pool& operator=(basic_pool&&) = delete;
    ~basic_pool() {
        before_dropping_live();
        release_all();
    }

    // A free block, or nullptr when neither the slabs nor the source has one. O(1).
    CENOTE_ALWAYS_INLINE void* allocate() noexcept {
        std::byte* const p = magazine_.last();
        if (p == nullptr) [[unlikely]]
            return refill();
        magazine_.pop();
        hand_out(p, block_size());
        return p;
    }

    // Reports what can be seen at once not to be a live block. O(1); with full checks O(blocks in the magazine).
    CENOTE_ALWAYS_INLINE void check(const void* p) const noexcept {
        if constexpr (CENOTE_ASAN != 0) check_not_poisoned(p);
        if constexpr (checks_full) check_live(p);
        if (checks_cheap && magazine_.last() == p) [[unlikely]]
            report(put_result::already_free, p);
    }

    // Takes a live block back, which was checked. O(1).
    CENOTE_ALWAYS_INLINE void deallocate(void* p) noexcept {
        if (magazine_.full()) [[unlikely]]
            return flush_and_keep(p);
        take_in(p, block_size());
        magazine_.push(p);
    }

    // check and deallocate in one.
    CENOTE_ALWAYS_INLINE void take_back(void* p) noexcept {
        check(p);
        deallocate(p);
    }

    // Afterwards `blocks` allocations cannot fail and do not call the source. False, and nothing changed, when the
    // limit or the source refuses.
    bool preheat(std::size_t blocks) noexcept {
        bool done = preheat_blocks(blocks);
        if (call_back(!done)) done = preheat_blocks(blocks);
        tell_end(done, asked::other);
        return done;
    }
    // A request came to nothing. For who holds a lock around this pool; else it is told already.
    void tell_refused() noexcept { tell(asked::refused); }

    // From now on the pool does not grow.
    void close() noexcept { slabs_.close(); }

    // Bytes that went back to the source. O(capacity / 64).
    std::size_t trim() noexcept {
        flush_all();
        std::size_t given = slabs_.trim();
        if (!slabs_.has_segments()) given += drop_magazine();
        tell(asked::other);
        return given;
    }

    // Everything handed out is free again, without notice to anybody.
    void reset(reset_mode mode) noexcept {
        before_dropping_live();
        if (mode.frees_all()) {
            release_all();
        } else {
            magazine_.clear();
            if (slabs_.bytes() + large_magazine_bytes() > mode.limit()) drop_magazine();
            slabs_.forget_all(mode.limit());
            if (!slabs_.has_segments()) drop_magazine();
            if (slabs_.has_segments()) adopt_spare();
        }
        tell(asked::other);
    }

    // The first byte of the block that `p` points into; nullptr where there is none.
    const std::byte* block_around(const void* p) const noexcept { return slabs_.block_around(p); }
    bool contains(const void* p) const noexcept { return slabs_.contains(p); }
    // O(1), plus O(blocks in the magazine).
    bool is_live(const void* p) const noexcept { return slabs_.is_taken(p) && !magazine_.holds(p); }

    // Reports anything but a live block of this pool. O(1), plus O(blocks in the magazine).
    CENOTE_COLD void check_live(const void* p) const noexcept {
        if (is_live(p)) return;
        report(slabs_.contains(p) ? put_result::already_free : put_result::foreign, p);
    }

    // Calls visit(block) for every live block. The visitor may allocate and deallocate.
    template <class Visitor>
    void for_each(Visitor&& visit) {
        if (!slabs_.has_segments()) return;
        const bypass exact{*this};
        slabs_.for_each_taken(std::forward<Visitor>(visit));
    }

    std::size_t block_size() const noexcept { return slabs_.geometry().block_size(); }
    std::size_t usable_bytes() const noexcept { return slabs_.geometry().object_bytes(); } // by the caller
    std::size_t spare_bytes() const noexcept {
        return block_size() - usable_bytes();
    } // behind those: nobody's
    std::size_t alignment() const noexcept { return slabs_.geometry().alignment(); }
    std::size_t live() const noexcept { return slabs_.taken() - magazine_.size(); }
    std::size_t capacity() const noexcept { return slabs_.capacity(); }

    pool_stats stats() const noexcept {
        return {.live = live(),
                .capacity = capacity(),
                .limit = slabs_.max_objects(),
                .in_magazine = magazine_.size(),
                .block_size = block_size(),
                .bytes = slabs_.bytes() + large_magazine_bytes(),
                .segments = slabs_.segments(),
                .slabs = slabs_.slabs()};
    }

    Source& source() noexcept { return slabs_.source(); }
    const Source& source() const noexcept { return slabs_.source(); }

    // Walks everything and says whether all invariants hold. O(capacity / 64).
    bool valid() const noexcept {
        return slabs_.valid() && magazine_.size() <= slabs_.taken() && magazine_.slots()[0] == nullptr;
    }

    [[noreturn]] CENOTE_COLD void broken(const char* what, const void* p) const noexcept {
        broken_contract(identity(), what, p);
    }
    // A request was refused.
    [[noreturn]] CENOTE_COLD void throw_exhausted() const {
        detail::throw_exhausted(identity(), stats(), budget_of(source()));
    }
    pool_identity identity() const noexcept { return {Kind::name, this, block_size(), label_.name()}; }

private:
    // While it lives, the magazine is empty and every call goes straight to the bitmaps, which are then exact.
    class bypass {
    public:
        explicit bypass(basic_pool& pool) noexcept : pool_(pool) {
            pool_.flush_all();
            pool_.magazine_.swap(aside_);
        }
        ~bypass() { pool_.magazine_.swap(aside_); }
        bypass(const bypass&) = delete;
        bypass& operator=(const bypass&) = delete;

    private:
        basic_pool& pool_;
        magazine aside_;
    };

    // At the end of a slow path. A pool without a name has nothing to tell.
    void tell(asked what) noexcept {
        if (label_.is_named()) [[unlikely]]
            tell_all(what);
    }
    CENOTE_COLD void tell_all(asked what) noexcept {
        label_.tell(what, Kind::name,
                    state_of(slabs_, slabs_.taken() - magazine_.size(), large_magazine_bytes()));
    }

    // Behind a lock, it is for who holds that to call back, to ask again, and to tell of what came to nothing.
    static constexpr bool is_locked = requires { Kind::is_locked; };
    bool call_back(bool was_refused) noexcept {
        if constexpr (is_locked)
            return false;
        else
            return detail::call_back(source(), was_refused);
    }
    void tell_end(bool done, asked what) noexcept {
        if (done || !is_locked) tell(done ? what : asked::refused);
    }

    bool preheat_blocks(std::size_t blocks) noexcept {
        const std::size_t waiting = magazine_.size();
        return blocks <= waiting || grow(blocks - waiting);
    }

    [[gnu::noinline]] void* refill() noexcept {
        void* p = refill_blocks();
        if (call_back(p == nullptr)) [[unlikely]]
            p = allocate_again();
        tell_end(p != nullptr, asked::refill);
        return p;
    }
    // After a callback, which may have put blocks back.
    CENOTE_COLD void* allocate_again() noexcept {
        std::byte* const p = magazine_.last();
        if (p == nullptr) return refill_blocks();
        magazine_.pop();
        hand_out(p, block_size());
        return p;
    }
    void* refill_blocks() noexcept {
        if (magazine_.capacity() == 0) return allocate_directly();
        std::size_t got = slabs_.take(magazine_.room(), exchange());
        if (got == 0) {
            if (!grow(1)) return nullptr;
            got = slabs_.take(magazine_.room(), exchange());
        }
        magazine_.filled(got - 1);
        std::byte* const p = magazine_.room()[got - 1];
        hand_out(p, block_size());
        return p;
    }

    CENOTE_COLD void* allocate_directly() noexcept {
        std::byte* p = nullptr;
        if (slabs_.take(&p, 1) == 0) {
            const bool first = !slabs_.has_segments();
            if (!grow(1)) return nullptr;
            if (first) return refill_blocks(); // there is a magazine now, or every call shall come here
            slabs_.take(&p, 1);
        }
        hand_out(p, block_size());
        if (running_on_valgrind()) valgrind_allocated(p, block_size());
        return p;
    }

    [[gnu::noinline]] void flush_and_keep(void* p) noexcept {
        if (magazine_.capacity() == 0) return deallocate_directly(p);
        flush(detail::max<std::size_t>(exchange() / 2, 1));
        take_in(p, block_size());
        magazine_.push(p);
        tell(asked::flush);
    }

    CENOTE_COLD void deallocate_directly(void* p) noexcept {
        auto* const block = static_cast<std::byte*>(p);
        put(&block, 1);
        tell(asked::flush);
        take_in(p, block_size());
        if (running_on_valgrind()) valgrind_freed(p);
    }

    // The newest blocks go, so that none of the others has to move.
    void flush(std::size_t blocks) noexcept {
        magazine_.filled(magazine_.size() - blocks);
        put(magazine_.slots() + 1 + magazine_.size(), blocks);
    }
    void flush_all() noexcept { flush(magazine_.size()); }

    void put(std::byte* const* blocks, std::size_t count) noexcept {
        const auto stopped = slabs_.put(blocks, count);
        if (stopped.result != put_result::ok) [[unlikely]]
            report(stopped.result, stopped.block);
    }

    // Blocks exchanged with the slabs at a time: few, so that the call that pays for it is not much slower.
    std::size_t exchange() const noexcept { return detail::min<std::size_t>(64, magazine_.capacity()); }

    bool grow(std::size_t blocks) noexcept {
        const bool first = !slabs_.has_segments();
        if (!slabs_.grow(blocks)) return false;
        if (first) adopt_spare();
        enlarge_magazine();
        return true;
    }

    // The first magazine lies in the first segment's header.
    void adopt_spare() noexcept {
        if (magazine_.has_slots() || checks_full || running_on_valgrind()) return;
        magazine small{reinterpret_cast<std::byte**>(slabs_.spare()), slabs_.spare_words()};
        magazine_.swap(small);
    }

    // A pool that outgrows its first segment gets a magazine of full size. Without one it works as well, more slowly.
    void enlarge_magazine() noexcept {
        const std::size_t slots = magazine_blocks(block_size()) + 1;
        if (magazine_is_large_ || !magazine_.has_slots() || slots <= slabs_.spare_words() ||
            !slabs_.has_aligned())
            return;
        auto** const memory =
            static_cast<std::byte**>(source().allocate(slots * sizeof(std::byte*), cache_line));
        if (memory == nullptr) return;
        magazine larger{memory, slots};
        copy_items(magazine_.slots() + 1, magazine_.size(), larger.room());
        larger.filled(magazine_.size());
        magazine_.swap(larger);
        magazine_is_large_ = true;
    }
    std::size_t large_magazine_bytes() const noexcept {
        return magazine_is_large_ ? (magazine_.capacity() + 1) * sizeof(std::byte*) : 0;
    }
    // Returns the bytes that went back to the source. Needs an empty magazine.
    std::size_t drop_magazine() noexcept {
        const std::size_t bytes = large_magazine_bytes();
        if (magazine_is_large_) source().deallocate(magazine_.slots(), bytes, cache_line);
        magazine_is_large_ = false;
        magazine none;
        magazine_.swap(none);
        return bytes;
    }

    void release_all() noexcept {
        drop_magazine();
        slabs_.release_all();
    }

    // Looks at what waits in the magazine for the last time. Valgrind would call the live blocks leaked.
    void before_dropping_live() noexcept {
        if constexpr (checks_cheap) flush_all();
        if (running_on_valgrind()) slabs_.for_each_taken([](std::byte* p) { valgrind_freed(p); });
    }

    CENOTE_COLD void check_not_poisoned(const void* p) const noexcept {
        if (is_poisoned(p)) report(put_result::already_free, p);
    }
    [[noreturn]] CENOTE_COLD void report(put_result result, const void* p) const noexcept {
        valgrind_describes(p, block_size());
        broken_contract(identity(), put_report(result), p);
    }

    magazine magazine_;
    pool_label label_;
    bool magazine_is_large_ = false; // its array is an allocation of its own
    slab_list<Geometry, Source> slabs_;
};

} // namespace cenote::detail
