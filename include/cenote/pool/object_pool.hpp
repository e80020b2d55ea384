// Layer: pool. The typed pool for one thread; start here.
//
//     cenote::object_pool<particle> particles;
//     particle* p = particles.create(position, velocity);
//     particles.destroy(p);
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/pool/basic_pool.hpp"
#include "cenote/pool/construct.hpp"
#include "cenote/source/vm_source.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace cenote {

// Objects of one type. Not thread-safe. Movable; a pool that was moved from may only be destroyed, and
// `unique_ptr`s made by it are to be gone before. sizeof is 112 bytes with a stateless source, and a pool that was
// never used holds nothing else.
//
// The ideas of the interface (preheat, no growth, reset modes) are those of Zig's std.heap.MemoryPool.
template <class T, pool_options Options = pool_options{}, memory_source Source = vm_source>
class object_pool {
    static_assert(std::is_object_v<T> && !std::is_array_v<T>,
                  "object_pool holds objects: no references, functions or arrays");
    static_assert(Options.alignment == 0 || std::has_single_bit(Options.alignment),
                  "pool_options::alignment is a power of two");
    static_assert(Options.at_death != leftovers::leave || std::is_trivially_destructible_v<T>,
                  "leftovers::leave is for trivially destructible types: the destructors would never run");

    struct kind {
        static constexpr const char* name = "object_pool";
    };
    static constexpr std::size_t block_alignment = std::max(alignof(T), Options.alignment);
    using engine = detail::basic_pool<detail::static_geometry<sizeof(T), block_alignment>, Source, kind>;

public:
    using value_type = T;
    using deleter = detail::pool_deleter<object_pool>;
    using unique_ptr = std::unique_ptr<T, deleter>;

    // Takes no memory.
    object_pool() requires std::default_initializable<Source> : object_pool(growth{}) {}
    explicit object_pool(growth policy, Source source = {}) : engine_({}, policy, std::move(source)) {}
    object_pool(object_pool&&) noexcept = default;
    object_pool& operator=(object_pool&&) = delete;
    ~object_pool() {
        if constexpr (Options.at_death == leftovers::abort) {
            if (live() != 0)
                engine_.broken("pool dies while objects are alive, this is one of them", first_live());
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
            detail::throw_bad_alloc();
        return detail::construct_in<T>(engine_, p, std::forward<Args>(args)...);
    }

    // As create, but returns nullptr instead of throwing std::bad_alloc. What T's constructor throws still comes out.
    template <class... Args>
    [[nodiscard]] CENOTE_ALWAYS_INLINE T*
    try_create(Args&&... args) noexcept(std::is_nothrow_constructible_v<T, Args...>) {
        void* const p = engine_.allocate();
        if (p == nullptr) [[unlikely]]
            return nullptr;
        return detail::construct_in<T>(engine_, p, std::forward<Args>(args)...);
    }

    // As create, owned by a unique_ptr that must be gone before the pool is.
    template <class... Args>
    [[nodiscard]] unique_ptr make_unique(Args&&... args) {
        return unique_ptr{create(std::forward<Args>(args)...), deleter{*this}};
    }

    // Ends the object's life and takes its memory back; nullptr is ignored. O(1), whatever the order of destroys.
    // A pointer that is not a live object of this pool is a broken contract: reported and aborted, at once with full
    // checks; by default at once for the object destroyed last, before its destructor runs again, else when the block
    // leaves the magazine, or the pool is reset or dies. Until then it may be handed out again: twice, or though it is
    // from elsewhere.
    CENOTE_ALWAYS_INLINE void destroy(T* p) noexcept {
        if (p == nullptr) return;
        engine_.check(detail::block_of(p));
        p->~T();
        engine_.deallocate(detail::block_of(p));
    }

    // Afterwards `objects` creates cannot fail and do not call the source. Throws std::bad_alloc, with the pool as it
    // was, when the limit or the source does not allow that. O(objects) bytes of address space, none of them touched.
    void preheat(std::size_t objects) {
        if (!engine_.preheat(objects)) detail::throw_bad_alloc();
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
    bool contains(const T* p) const noexcept { return engine_.contains(detail::block_of(p)); }
    // Whether `p` is a live object of this pool. Any pointer may be asked. O(blocks in the magazine), at most 1,024.
    bool is_live(const T* p) const noexcept { return engine_.is_live(detail::block_of(p)); }

    std::size_t live() const noexcept { return engine_.live(); }         // objects. O(1)
    std::size_t capacity() const noexcept { return engine_.capacity(); } // objects. O(1)
    pool_stats stats() const noexcept { return engine_.stats(); }        // O(segments)

    Source& source() noexcept { return engine_.source(); }
    const Source& source() const noexcept { return engine_.source(); }

    // Whether the pool's own structures are sound; for tests and audits. O(capacity / 64).
    bool valid() const noexcept { return engine_.valid(); }

private:
    static T* object_at(std::byte* p) noexcept { return std::launder(reinterpret_cast<T*>(p)); }

    void destroy_all() noexcept {
        if constexpr (!std::is_trivially_destructible_v<T>) for_each([this](T& object) { destroy(&object); });
    }
    const void* first_live() noexcept {
        const void* first = nullptr;
        engine_.for_each([&first](std::byte* p) { first = first == nullptr ? p : first; });
        return first;
    }

    engine engine_;
};

} // namespace cenote
