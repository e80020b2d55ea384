// Layer: adaptor. Objects by handle: eight bytes that know when their object is gone. Headers only.
//
//     cenote::handle_pool<monster> monsters;
//     cenote::handle<monster> h = monsters.create("orc");
//     if (monster* m = monsters.get(h)) m->hit(3);       // nullptr once it was destroyed
//     monsters.destroy(h);                               // false if it was gone already
#pragma once

#include "cenote/adaptor/common_source.hpp"
#include "cenote/adaptor/handle.hpp"
#include "cenote/adaptor/slot_table.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/pool/construct.hpp"
#include "cenote/pool/object_pool.hpp"
#include "cenote/pool/watched.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace cenote {

// An object_pool whose objects have handles. They lie at stable addresses, so pointers are as good while they live.
// Not thread-safe, not movable.
//
// A slot is used again with the next generation. After 4,294,967,295 of them it is retired, so that a stale handle is never
// taken for a later object's. Per object 4 bytes more than object_pool needs, rounded up to the alignment, and 16 in a table
// that doubles as it fills and is kept until the pool dies, whatever reset and trim give back: it is what tells stale
// handles. Fewer than 2^32 objects. The source serves objects and table.
template <class T, pool_options Options = pool_options{}, memory_source Source = vm_source>
class handle_pool {
    struct entry {
        template <class... Args>
        explicit entry(std::uint32_t n, Args&&... args) noexcept(std::is_nothrow_constructible_v<T, Args...>)
            : object(make(std::forward<Args>(args)...)), number(n) {}
        // By value, which is no move, for the sake of aggregates.
        template <class... Args>
        static T make(Args&&... args) noexcept(std::is_nothrow_constructible_v<T, Args...>) {
            if constexpr (std::is_constructible_v<T, Args...>)
                return T(std::forward<Args>(args)...);
            else
                return T{std::forward<Args>(args)...};
        }

        T object;
        std::uint32_t number;
    };
    using shared_source = detail::common_source<Source, detail::no_lock>;
    struct kind {
        static constexpr const char* name = "handle_pool";
    };

public:
    using value_type = T;
    using handle_type = handle<T>;

    // Takes no memory.
    handle_pool() requires std::default_initializable<Source> : handle_pool(growth{}) {}
    explicit handle_pool(growth policy, Source source = {})
        : source_(std::move(source)), objects_(policy, shared_source{source_, unlocked_}) {}
    handle_pool(const handle_pool&) = delete;
    handle_pool& operator=(const handle_pool&) = delete;

    // A new T(args...). Throws std::bad_alloc when the limit is reached or the source refuses, and whatever T's
    // constructor throws; the pool is then as it was. O(1), amortised over the growth of the table.
    template <class... Args>
    [[nodiscard]] handle_type create(Args&&... args) {
        const handle_type made = try_create(std::forward<Args>(args)...);
        if (!made) [[unlikely]]
            objects_.throw_exhausted();
        return made;
    }
    // As create, but returns the handle of no object instead of throwing std::bad_alloc.
    template <class... Args>
    [[nodiscard]] handle_type
    try_create(Args&&... args) noexcept(std::is_nothrow_constructible_v<T, Args...>) {
        if (!detail::try_twice(source_, [this]() noexcept { return slots_.reserve_one(); })) [[unlikely]]
            return {};
        // What T's constructor makes here takes slots of its own, this one perhaps; so the number comes after it.
        entry* const made = objects_.try_create(0U, std::forward<Args>(args)...);
        if (made == nullptr) [[unlikely]]
            return {};
        if (!slots_.reserve_one()) [[unlikely]] {
            objects_.destroy(made);
            return {};
        }
        made->number = slots_.next();
        slots_.take(made);
        return {made->number, slots_.generation(made->number)};
    }

    // The object, or nullptr where there is none of that handle any more, or never was. Any handle may be asked. O(1): one
    // look at the table, none at the object.
    [[nodiscard]] CENOTE_ALWAYS_INLINE T* get(handle_type h) noexcept {
        auto* const found = static_cast<entry*>(slots_.find(h.index(), h.generation()));
        return found == nullptr ? nullptr : &found->object;
    }
    [[nodiscard]] CENOTE_ALWAYS_INLINE const T* get(handle_type h) const noexcept {
        return const_cast<handle_pool*>(this)->get(h);
    }
    bool contains(handle_type h) const noexcept { return get(h) != nullptr; }

    // The handle of a live object of this pool; of anything else it is undefined, and reported with full checks. O(1).
    [[nodiscard]] handle_type handle_of(const T* p) const noexcept {
        const entry* const e = entry_of(p);
        if constexpr (checks_full)
            if (!objects_.is_live(e)) detail::fail_with("handle_of a pointer that is no live object: %p", p);
        return {e->number, slots_.generation(e->number)};
    }

    // Ends the object's life. False, and nothing done, where that has happened. O(1).
    bool destroy(handle_type h) noexcept {
        auto* const found = static_cast<entry*>(slots_.find(h.index(), h.generation()));
        if (found == nullptr) return false;
        // Stale first, so that T's destructor finds it so.
        slots_.give(h.index());
        objects_.destroy(found);
        return true;
    }

    // Afterwards `objects` creates do not call the source for objects; the table may still double. Throws std::bad_alloc.
    void preheat(std::size_t objects) { objects_.preheat(objects); }

    // Destroys all objects, whose handles are stale from then on; `mode` says what happens to their memory. Always true. O(slots),
    // plus the destructors of types that have any.
    bool reset(reset_mode mode) noexcept {
        slots_.give_all();
        objects_.reset(mode);
        slots_.give_all(); // what destructors created
        return true;
    }
    // As object_pool's. Returns bytes.
    std::size_t trim() noexcept { return objects_.trim(); }

    // Calls visit(T&) for every live object, as object_pool does; the visitor may create and destroy. O(capacity / 64).
    template <class Visitor>
    void for_each(Visitor&& visit) {
        objects_.for_each([&visit](entry& e) { visit(e.object); });
    }

    std::size_t live() const noexcept { return objects_.live(); }           // objects. O(1)
    std::size_t capacity() const noexcept { return objects_.capacity(); }   // objects. O(1)
    std::size_t retired_slots() const noexcept { return slots_.retired(); } // O(1)
    std::size_t table_bytes() const noexcept { return slots_.bytes(); }     // O(1)
    pool_stats stats() const noexcept { return objects_.stats(); }          // without the table. O(segments)
    Source& source() noexcept { return source_; }
    bool valid() const noexcept { return objects_.valid(); } // for tests and audits. O(capacity / 64)

private:
    // The object lies first in its entry.
    static const entry* entry_of(const T* p) noexcept { return reinterpret_cast<const entry*>(p); }

    CENOTE_NO_UNIQUE_ADDRESS detail::no_lock unlocked_;
    CENOTE_NO_UNIQUE_ADDRESS Source source_;
    // The table outlives the objects, whose destructors may ask for others.
    detail::slot_table<shared_source> slots_{shared_source{source_, unlocked_}};
    using engine = detail::watched<
        detail::basic_pool<typename detail::object_layout<entry, Options>::geometry, shared_source, kind>,
        shared_source>;
    detail::typed_pool<entry, Options, engine, shared_source> objects_;
};

} // namespace cenote
