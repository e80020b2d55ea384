// Layer: pool. Stand-ins: what a pool hands out under AddressSanitizer.
//
//     caller ── object in memory of malloc's ──[stand_in_table]── block in a slab, poisoned, never touched
//
// The engine takes and frees its blocks as ever, so that limits, figures and failures are the same. The caller gets memory
// of malloc's in the block's place, of exactly the size that was asked for. So AddressSanitizer knows who allocated and who freed
// what is used after it was destroyed, or destroyed twice, keeps freed memory out of use for a while, and sees the first byte
// beyond an object; LeakSanitizer sees objects that nobody points to, and what only an object points to is not leaked.
//
// Not of sources whose memory is the caller's (source/source.hpp): there free blocks are poisoned, and no more.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/base/poison.hpp"
#include "cenote/pool/options.hpp"
#include "cenote/pool/stand_in_table.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#if CENOTE_ASAN // whose functions it calls

namespace cenote::detail {

// Whether AddressSanitizer itself says what is wrong with freeing this: it was freed before, or lies in a block of malloc's.
CENOTE_COLD inline bool address_sanitizer_reports(void* p) noexcept {
    void* frame = nullptr;
    int thread = 0;
    char name[1];
    void* first = nullptr;
    std::size_t bytes = 0;
    const char* const where = __asan_locate_address(p, name, sizeof name, &first, &bytes);
    if (where == nullptr || std::strcmp(where, "heap") != 0) return false;
    return first != p || __asan_get_free_stack(p, &frame, 1, &thread) != 0;
}

// `p` is no stand-in that may be freed here: AddressSanitizer reports it with both stacks where it can. Else it says what it knows
// of it, and the caller says what is wrong.
CENOTE_COLD inline void describe_no_stand_in(void* p) noexcept {
    if (address_sanitizer_reports(p)) std::free(p);
    __asan_describe_address(p);
}

// `Engine` with stand-ins for its blocks. Thread safety is the engine's.
template <class Engine>
class stand_in_engine : public Engine {
public:
    using Engine::Engine;
    stand_in_engine(stand_in_engine&&) = default;
    stand_in_engine& operator=(stand_in_engine&&) = delete;
    ~stand_in_engine() { free_all(); }

    // `top` is a thread's magazine, where the caller knows it.
    template <class... Top>
    void* allocate(Top&... top) noexcept {
        void* const block = Engine::allocate(top...);
        if (block == nullptr) return nullptr;
        void* const made = stand_ins.make(block, this->usable_bytes(), this->alignment());
        if (made == nullptr) {
            Engine::deallocate(top..., block);
            return nullptr;
        }
        poison(block, this->usable_bytes());
        return made;
    }

    void check(const void* p) const noexcept {
        if (!contains(p)) not_mine(p);
    }
    template <class Top>
    void check(Top&, const void* p) const noexcept {
        check(p);
    }

    void deallocate(void* p) noexcept { Engine::deallocate(retire(p)); }
    template <class Top>
    void deallocate(Top& top, void* p) noexcept {
        Engine::deallocate(top, retire(p));
    }
    void take_back(void* p) noexcept { deallocate(p); }
    template <class Top>
    void take_back(Top& top, void* p) noexcept {
        deallocate(top, p);
    }

    void reset(reset_mode mode) noexcept {
        free_all();
        Engine::reset(mode);
    }

    template <class Visitor>
    void for_each(Visitor&& visit) {
        Engine::for_each([&visit](std::byte* block) {
            if (void* const p = stand_ins.other(block)) visit(static_cast<std::byte*>(p));
        });
    }

    // Of live blocks alone: what stood in for a free one is malloc's again.
    bool contains(const void* p) const noexcept {
        const void* const block = stand_ins.other(p);
        return block != nullptr && Engine::contains(block);
    }
    bool is_live(const void* p) const noexcept {
        const void* const block = stand_ins.other(p);
        return block != nullptr && Engine::is_live(block);
    }

private:
    [[noreturn]] CENOTE_COLD void not_mine(const void* p) const noexcept {
        describe_no_stand_in(const_cast<void*>(p));
        this->broken("destroy of a pointer that is not from this pool", p);
    }
    // Returns the block, which the engine may take back.
    void* retire(void* p) noexcept {
        check(p);
        void* const block = stand_ins.retire(p);
        if (block == nullptr) not_mine(p); // another thread was faster
        unpoison(block, this->usable_bytes());
        return block;
    }
    void free_all() noexcept {
        Engine::for_each([](std::byte* block) {
            if (void* const p = stand_ins.other(block)) stand_ins.retire(p);
        });
    }
};

} // namespace cenote::detail

#endif
