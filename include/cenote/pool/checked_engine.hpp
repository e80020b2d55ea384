// Layer: pool. Full checks: an engine with canaries behind its objects, patterns in its free blocks, and a record of each block.
//
//     live    [ the object, at first 0xA7       | canary, 0xC5, at least 8 bytes ]
//     free    [ 0xF7, the first 4 KiB           |                                ]
//
//   - a canary is looked at when the object is destroyed, when the pool is reset, trimmed or dies, and by valid();
//   - what is in a free block is looked at when it is handed out again, and at these moments;
//   - what is given back must be a live block's first byte: else it is said what it is, and whose;
//   - a report is one line, then who created and who destroyed the object, and who is at it now. Nothing allocates.
// Under Valgrind free blocks are its own affair.
#pragma once

#include "cenote/base/algorithm.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/base/poison.hpp"
#include "cenote/base/units.hpp"
#include "cenote/os/stack_store.hpp"
#include "cenote/os/stack_trace.hpp"
#include "cenote/pool/block_records.hpp"
#include "cenote/pool/options.hpp"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace cenote::detail {

inline constexpr unsigned char fresh_byte = 0xA7;
inline constexpr unsigned char freed_byte = 0xF7;
inline constexpr unsigned char canary_byte = 0xC5;

inline void fill(void* p, unsigned char with, std::size_t bytes) noexcept { std::memset(p, with, bytes); }
// Where the first of `bytes` bytes is that is another; `bytes` where none is.
inline std::size_t first_other(const void* p, unsigned char than, std::size_t bytes) noexcept {
    const auto* const b = static_cast<const unsigned char*>(p);
    std::size_t i = 0;
    while (i != bytes && b[i] == than)
        ++i;
    return i;
}

// The calls that led to the pool.
[[gnu::noinline]] inline trace_id remember_calls() noexcept {
    if constexpr (CENOTE_CHECK_FRAMES == 0) return no_trace;
    const auto seen = basic_stack_trace < CENOTE_CHECK_FRAMES == 0 ? 1 : CENOTE_CHECK_FRAMES > ::here(2);
    stack_trace kept;
    kept.count = seen.count;
    for (std::uint32_t i = 0; i != seen.count; ++i)
        kept.frames[i] = seen.frames[i];
    return stacks.remember(kept);
}

// Thread safety is the engine's.
template <class Engine>
class checked_engine : public Engine {
public:
    using Engine::Engine;
    checked_engine(checked_engine&& other) noexcept : Engine(std::move(other)) {
        records_.move_from(other.records_, this);
    }
    checked_engine& operator=(checked_engine&&) = delete;
    ~checked_engine() { check_all(); }

    // `top` is a thread's magazine, where the caller knows it.
    template <class... Top>
    void* allocate(Top&... top) noexcept {
        void* const p = Engine::allocate(top...);
        if (p != nullptr) begin(p);
        return p;
    }

    void check(const void* p) const noexcept {
        if (!Engine::is_live(p)) not_live(p);
        check_canary(p);
    }
    template <class Top>
    void check(Top&, const void* p) const noexcept {
        check(p);
    }

    void deallocate(void* p) noexcept {
        end(p);
        Engine::deallocate(p);
    }
    template <class Top>
    void deallocate(Top& top, void* p) noexcept {
        end(p);
        Engine::deallocate(top, p);
    }
    void take_back(void* p) noexcept {
        check(p);
        deallocate(p);
    }
    template <class Top>
    void take_back(Top& top, void* p) noexcept {
        check(p);
        deallocate(top, p);
    }

    std::size_t trim() noexcept {
        check_all();
        records_.begin_giving_back();
        const std::size_t given = Engine::trim();
        records_.end_giving_back();
        return given;
    }
    void reset(reset_mode mode) noexcept {
        check_all();
        Engine::reset(mode);
        records_.clear();
    }

    bool valid() const noexcept { return Engine::valid() && find_damage().block == 0; }

    // Before a report that objects are alive: how many, and who created the first few.
    CENOTE_COLD void say_live() noexcept {
        constexpr std::size_t few = 3;
        std::size_t count = 0;
        Engine::for_each([&](std::byte* p) {
            if (count++ < few) {
                say("alive: %p", static_cast<const void*>(p));
                stacks.recall(records_.find(p).created).print("created by");
            }
        });
        say("objects alive: %zu", count);
    }

    [[noreturn]] CENOTE_COLD void broken(const char* what, const void* p) const noexcept {
        report(what, p, "", records_.find(p));
    }

private:
    static constexpr std::size_t most_filled = 4_KiB;
    static constexpr std::size_t most_canary = 64;

    std::size_t filled() const noexcept { return detail::min(this->usable_bytes(), most_filled); }
    std::size_t canary() const noexcept { return detail::min(this->spare_bytes(), most_canary); }
    static const std::byte* address(const block_record& r) noexcept {
        return reinterpret_cast<const std::byte*>(r.block);
    }

    [[gnu::noinline]] void begin(void* p) noexcept {
        const block_record before = records_.take(p);
        if (!running_on_valgrind()) {
            if (before.is_filled && first_other(p, freed_byte, filled()) != filled())
                written_after_destroy(p, before);
            fill(p, fresh_byte, filled());
        }
        fill(static_cast<std::byte*>(p) + this->usable_bytes(), canary_byte, canary());
        records_.put_live(p, remember_calls(), this, [](const void* pool) noexcept {
            return static_cast<const checked_engine*>(pool)->identity();
        });
    }

    [[gnu::noinline]] void end(void* p) noexcept {
        check_canary(p); // the destructor may have written there
        if (!running_on_valgrind()) fill(p, freed_byte, filled());
        records_.put_free(p, remember_calls());
    }

    bool canary_is_whole(const void* p) const noexcept {
        return first_other(static_cast<const std::byte*>(p) + this->usable_bytes(), canary_byte, canary()) ==
               canary();
    }
    void check_canary(const void* p) const noexcept {
        const block_record r = records_.find(p);
        if (r.is_live && !canary_is_whole(p)) [[unlikely]]
            written_behind(p, r);
    }

    // The first block whose canary or filling was written to; one of no block where there is none.
    block_record find_damage() const noexcept {
        block_record damaged;
        const bool fills = !running_on_valgrind();
        records_.all_of([&](const block_record& r) {
            const bool whole = r.is_live ? canary_is_whole(address(r))
                                         : !fills || !r.is_filled ||
                                               first_other(address(r), freed_byte, filled()) == filled();
            if (!whole) damaged = r;
            return whole;
        });
        return damaged;
    }
    // Needs a quiet pool where threads share it, but for trim().
    void check_all() const noexcept {
        const block_record damaged = find_damage();
        if (damaged.block != 0 && damaged.is_live) written_behind(address(damaged), damaged);
        if (damaged.block != 0) written_after_destroy(address(damaged), damaged);
        if (!Engine::valid()) report("the pool's own structures were written to", this, "", {});
    }

    [[noreturn]] CENOTE_COLD void written_behind(const void* p, const block_record& r) const noexcept {
        const std::size_t at =
            first_other(static_cast<const std::byte*>(p) + this->usable_bytes(), canary_byte, canary());
        char where[64];
        std::snprintf(where, sizeof where, ", %zu bytes into it, whose size is %zu,",
                      this->usable_bytes() + at, this->usable_bytes());
        report("write behind an object", p, where, r);
    }
    [[noreturn]] CENOTE_COLD void written_after_destroy(const void* p, const block_record& r) const noexcept {
        char where[64];
        std::snprintf(where, sizeof where, ", %zu bytes into it,", first_other(p, freed_byte, filled()));
        report("write after destroy", p, where, r);
    }

    [[noreturn]] CENOTE_COLD void not_live(const void* p) const noexcept {
        const std::byte* const block = Engine::block_around(p);
        if (block == p) report("double destroy", p, "", records_.find(p));
        if (block != nullptr) {
            char where[64];
            std::snprintf(where, sizeof where, ", %zu bytes into block %p,",
                          static_cast<std::size_t>(static_cast<const std::byte*>(p) - block),
                          static_cast<const void*>(block));
            report("destroy of a pointer into the middle of a block", p, where, records_.find(block));
        }
        block_record of_owner;
        pool_identity owner{nullptr, nullptr, 0};
        block_records::with_owner_of(p, [&](const pool_identity& in, const block_record& r) {
            owner = in;
            of_owner = r;
        });
        const char* const what = "destroy of a pointer that is not from this pool";
        if (owner.pool == nullptr) report(what, p, "", {});
        char where[160];
        const char* const relation = of_owner.is_live ? "is of" : "is free in";
        if (owner.name == nullptr)
            std::snprintf(where, sizeof where, ", which %s %.40s %p,", relation, owner.kind, owner.pool);
        else
            std::snprintf(where, sizeof where, ", which %s %.40s \"%.60s\" %p,", relation, owner.kind,
                          owner.name, owner.pool);
        report(what, p, where, of_owner);
    }

    [[noreturn]] CENOTE_COLD void report(const char* what, const void* p, const char* where,
                                         const block_record& r) const noexcept {
        valgrind_describes(p, this->usable_bytes());
        say_broken(this->identity(), what, p, where);
        if (r.block != 0) {
            stacks.recall(r.created).print("created by");
            if (!r.is_live) stacks.recall(r.destroyed).print("destroyed by");
        }
        stack_trace::here(1).print("found by");
        std::abort();
    }

    block_records records_;
};

} // namespace cenote::detail
