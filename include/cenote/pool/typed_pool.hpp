// Layer: pool. The face of every typed pool: what `object_pool`, `locked_pool`, `lockfree_pool` and `cached_pool` have
// in common, over an engine that deals in blocks. Each pool's own header says where it differs.
#pragma once

#include "cenote/base/algorithm.hpp"
#include "cenote/base/array_view.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/pool/construct.hpp"
#include "cenote/pool/leftover_report.hpp"
#include "cenote/pool/options.hpp"
#include "cenote/slab/geometry.hpp"
#include "cenote/slab/growth.hpp"
#include "cenote/source/source.hpp"

#include <bit>
#include <concepts>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace cenote::detail {

// What a type and options must meet, and how its blocks lie then.
template <class T, pool_options Options>
struct object_layout {
    static_assert(std::is_object_v<T> && !std::is_array_v<T>,
                  "a pool holds objects: no references, functions or arrays");
    static_assert(Options.alignment == 0 || std::has_single_bit(Options.alignment),
                  "pool_options::alignment is a power of two");
    static_assert(Options.at_death != leftovers::leave || std::is_trivially_destructible_v<T>,
                  "leftovers::leave is for trivially destructible types: the destructors would never run");

    using geometry = static_geometry<sizeof(T), detail::max(alignof(T), Options.alignment), canary_bytes>;
};

// `Engine` has allocate, check, deallocate, preheat and so on, for blocks. Thread safety is the engine's.
template <class T, pool_options Options, class Engine, memory_source Source>
class typed_pool {
public:
    using value_type = T;
    using deleter = pool_deleter<typed_pool>;

    // Takes no memory.
    constexpr typed_pool() requires std::default_initializable<Source> : typed_pool(growth{}) {}
    constexpr explicit typed_pool(growth policy, Source source = {})
        : engine_({}, policy, std::move(source)) {}
    typed_pool(typed_pool&&) = default;
    typed_pool& operator=(typed_pool&&) = delete;
    ~typed_pool() {
        tell_leftovers(engine_);
        if constexpr (Options.at_death == leftovers::abort) {
            if (live() != 0) {
                if constexpr (requires { engine_.say_live(); }) engine_.say_live();
                engine_.broken("pool dies while objects are alive, this is one of them", first_live());
            }
        } else if constexpr (Options.at_death == leftovers::destroy) {
            destroy_all();
        }
    }

    // A new T(args...). Throws std::bad_alloc when the limit is reached or the source refuses, and whatever T's
    // constructor throws; the pool is then as it was. O(1).
    template <class... Args>
    [[nodiscard]] CENOTE_ALWAYS_INLINE T* create(Args&&... args) {
        void* const p = engine_.allocate();
        if (p == nullptr) [[unlikely]]
            engine_.throw_exhausted();
        return construct_in<T>(engine_, p, std::forward<Args>(args)...);
    }

    // As create, but returns nullptr instead of throwing std::bad_alloc. What T's constructor throws still comes out.
    template <class... Args>
    [[nodiscard]] CENOTE_ALWAYS_INLINE T*
    try_create(Args&&... args) noexcept(std::is_nothrow_constructible_v<T, Args...>) {
        void* const p = engine_.allocate();
        if (p == nullptr) [[unlikely]]
            return nullptr;
        return construct_in<T>(engine_, p, std::forward<Args>(args)...);
    }

    // As create, owned by a std::unique_ptr that must be gone before the pool is. Needs cenote/smart_ptr.hpp.
    template <class... Args>
    [[nodiscard]] auto make_unique(Args&&... args) {
        using made = detail::make_unique_needs_cenote_smart_ptr_hpp<deleter>;
        return typename made::type{create(std::forward<Args>(args)...), deleter{*this}};
    }

    // Ends the object's life and takes its memory back; nullptr is ignored. O(1), whatever the order of destroys.
    // A pointer that is not a live object of this pool is a broken contract: reported and aborted, at once with full
    // checks; by default at once for the object destroyed last, before its destructor runs again, else when the block
    // leaves the magazine, or the pool is reset or dies. Until then it may be handed out again: twice, or though it is
    // from elsewhere.
    CENOTE_ALWAYS_INLINE void destroy(T* p) noexcept {
        if (p == nullptr) return;
        if constexpr (std::is_trivially_destructible_v<T>) {
            engine_.take_back(block_of(p));
        } else {
            engine_.check(block_of(p));
            p->~T();
            engine_.deallocate(block_of(p));
        }
    }

    // Fills `out` with new objects, each T(args...). `out` is an array, or what has data() and size() of T*: a std::span, a
    // std::vector; or {pointer, count}. All or none: throws as create does, with none left behind and what `out` held before
    // lost. O(out.size()).
    template <class... Args>
    void create_n(array_view<T*> out, const Args&... args) {
        if (!try_create_n(out, args...)) engine_.throw_exhausted();
    }
    // As create_n, but returns false instead of throwing std::bad_alloc.
    template <class... Args>
    [[nodiscard]] bool
    try_create_n(array_view<T*> out,
                 const Args&... args) noexcept(std::is_nothrow_constructible_v<T, const Args&...>) {
        unfinished made{*this, out};
        for (; made.count != out.size(); ++made.count) {
            T* const p = try_create(args...);
            if (p == nullptr) return false;
            out[made.count] = p;
        }
        made.count = 0;
        return true;
    }
    // destroy for each; null pointers are ignored. O(objects.size()).
    void destroy_n(array_view<T* const> objects) noexcept {
        for (T* const p : objects)
            destroy(p);
    }

    // Afterwards `objects` creates, by this thread, cannot fail and do not call the source. Throws std::bad_alloc, with
    // the pool as it was, when the limit or the source does not allow that. O(objects) bytes of address space, none of
    // them touched.
    void preheat(std::size_t objects) {
        if (!engine_.preheat(objects)) engine_.throw_exhausted();
    }
    [[nodiscard]] bool try_preheat(std::size_t objects) noexcept { return engine_.preheat(objects); }

    // Gives empty segments and, where the source can, the pages of empty slabs back. Returns bytes. O(capacity / 64).
    std::size_t trim() noexcept { return engine_.trim(); }

    // Destroys every live object in one go; `mode` says what happens to the memory. Always true: nothing has to be
    // allocated again. (Zig's pool reallocates, and returns false when that fails.) O(capacity / 64), plus the
    // destructors of types that have any.
    bool reset(reset_mode mode) noexcept {
        destroy_all();
        engine_.reset(mode);
        return true;
    }

    // Calls visit(T&) for every live object, in order of address within a segment. The visitor may create and
    // destroy, also the object it was given: objects destroyed meanwhile are not visited, objects created meanwhile
    // may be. It must not call reset, trim or for_each. O(capacity / 64).
    template <class Visitor>
    void for_each(Visitor&& visit) {
        engine_.for_each([&visit](std::byte* p) { visit(*object_at(p)); });
    }

    // Whether `p` is the first byte of a block of this pool, live or free. Any pointer may be asked. O(1).
    bool contains(const T* p) const noexcept { return engine_.contains(block_of(p)); }
    // Whether `p` is a live object of this pool. Any pointer may be asked. O(blocks in magazines).
    bool is_live(const T* p) const noexcept { return engine_.is_live(block_of(p)); }

    // Objects. O(1); cached_pool and lockfree_pool have to count, as their stats do.
    std::size_t live() const noexcept { return engine_.live(); }
    std::size_t capacity() const noexcept { return engine_.capacity(); } // objects. O(1)
    // O(segments); cached_pool also O(threads), lockfree_pool O(free blocks).
    pool_stats stats() const noexcept { return engine_.stats(); }

    // What create throws where it is refused: cenote::out_of_memory, a std::bad_alloc whose what() names the pool, says
    // how full it is, and names the largest holders of memory. O(named pools).
    [[noreturn]] void throw_exhausted() const { engine_.throw_exhausted(); }

    Source& source() noexcept { return engine_.source(); }
    const Source& source() const noexcept { return engine_.source(); }

    // Whether the pool's own structures are sound; for tests and audits. O(capacity / 64).
    bool valid() const noexcept { return engine_.valid(); }

protected:
    // For pools that are this and more.
    Engine& engine() noexcept { return engine_; }

private:
    // What a create_n that fails has made so far.
    struct unfinished {
        typed_pool& pool;
        array_view<T*> out;
        std::size_t count = 0;
        ~unfinished() { pool.destroy_n(out.first(count)); }
    };

    static T* object_at(std::byte* p) noexcept { return std::launder(reinterpret_cast<T*>(p)); }

    void destroy_all() noexcept {
        if constexpr (!std::is_trivially_destructible_v<T>) for_each([this](T& object) { destroy(&object); });
    }
    const void* first_live() noexcept {
        const void* first = nullptr;
        engine_.for_each([&first](std::byte* p) { first = first == nullptr ? p : first; });
        return first;
    }

    Engine engine_;
};

} // namespace cenote::detail
