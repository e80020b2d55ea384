// Layer: pool. Rung 7 of the ladder: the typed pool for many threads; the one to take.
//
//     cenote::cached_pool<order> orders;      // any thread creates, any thread destroys
//
//     struct by_server;
//     inline constinit cenote::static_cached_pool<session, by_server> sessions; // from before main to after its end
//     session* s = sessions.create(socket);
#pragma once

#include "cenote/pool/basic_cached_pool.hpp"
#include "cenote/pool/typed_pool.hpp"
#include "cenote/pool/watched.hpp"
#include "cenote/pool/watched_top.hpp"
#include "cenote/source/vm_source.hpp"

#include <cstddef>
#include <type_traits>
#include <utility>

namespace cenote {

namespace detail {
inline namespace CENOTE_LEVEL {
struct cached_pool_kind {
    static constexpr const char* name = "cached_pool";
    static constexpr bool is_static = false;
};
struct static_cached_pool_kind {
    static constexpr const char* name = "static_cached_pool";
    static constexpr bool is_static = true;
};
} // namespace CENOTE_LEVEL
template <class T, pool_options Options, memory_source Source, class Kind = cached_pool_kind>
using cached_engine =
    watched<basic_cached_pool<typename object_layout<T, Options>::geometry, Source, Kind>, Source>;
} // namespace detail

// Objects of one type, for any thread. create and destroy use the calling thread's magazine; now and then half a magazine of
// blocks is exchanged with the shared slabs, under a short lock. Creating on one thread and destroying on another is
// normal use. The interface is that of detail::typed_pool, and:
//   - create, destroy, their kin, preheat, trim, contains, is_live, live, capacity and stats may be called by any thread
//     at any time. for_each, reset, valid and death need a quiet pool: no other thread calls it meanwhile, but
//     threads that used it may live on, or end at that moment. live and stats are exact when the pool is quiet;
//   - memory: live objects, and per thread that uses the pool 8 KiB from the OS, of slots for up to 1,015 free blocks
//     (of larger blocks 256 KiB, at least 23), and per thread a table of 8 bytes a pool, 4 KiB at least. Of a pool with a
//     limit, in objects or by a bounded_source, a magazine is no more than a sixty-fourth of it. A create fails at
//     the limit though other threads hold free blocks in magazines; a limit below 512 objects is exact. A source that refuses
//     for another reason, such as a limiting_source over vm_source, is not asked: give the pool up_to(n) as well;
//   - preheat counts what the slabs and this thread's magazine have, for creates by this thread: others may take half a
//     magazine of it at a time. trim returns this thread's magazine to the slabs first, and holds the lock while it gives
//     memory back, so that exchanges of other threads wait;
//   - stats and live are O(segments + threads), for_each after a fork O(live * blocks that the fork lost);
//   - a thread that ends gives its magazines back at once: blocks to the slabs, slots to the OS but for 192 KiB in all of
//     the process. What it destroys even later goes to the slabs directly;
//   - a fork: the child may go on using the pool. What other threads had in their magazines stays unused there until a
//     reset or the pool's death;
//   - a source is called under the pool's lock, so it need not be thread-safe. It may be made of a pool that was
//     constructed before this one; it must not create or end a pool that threads share, nor use a static one for the
//     first time;
//   - not movable.
template <class T, pool_options Options = pool_options{}, memory_source Source = vm_source>
class cached_pool : public detail::typed_pool<T, Options, detail::cached_engine<T, Options, Source>, Source> {
public:
    using detail::typed_pool<T, Options, detail::cached_engine<T, Options, Source>, Source>::typed_pool;
};

namespace detail {

// One engine for all of the program, never destroyed, whose magazines need no look-up.
template <class Engine, class Source, class Tag>
class static_engine {
public:
    // Engines are made of these three; this one has them from its types.
    struct no_geometry {};
    constexpr static_engine(no_geometry, const growth&, const Source&) noexcept {}

    CENOTE_ALWAYS_INLINE void* allocate() noexcept { return the().allocate(mine); }
    CENOTE_ALWAYS_INLINE void check(const void* p) const noexcept { the().check(mine, p); }
    CENOTE_ALWAYS_INLINE void deallocate(void* p) noexcept { the().deallocate(mine, p); }

    CENOTE_ALWAYS_INLINE void take_back(void* p) noexcept { the().take_back(mine, p); }

    bool preheat(std::size_t blocks) noexcept { return the().preheat(blocks); }
    std::size_t trim() noexcept { return the().trim(); }
    void reset(reset_mode mode) noexcept { the().reset(mode); }
    template <class Visitor>
    void for_each(Visitor&& visit) {
        the().for_each(std::forward<Visitor>(visit));
    }
    bool contains(const void* p) const noexcept { return the().contains(p); }
    bool is_live(const void* p) const noexcept { return the().is_live(p); }
    std::size_t live() const noexcept { return the().live(); }
    std::size_t capacity() const noexcept { return the().capacity(); }
    pool_stats stats() const noexcept { return the().stats(); }
    bool valid() const noexcept { return the().valid(); }
    Source& source() const noexcept { return the().source(); }
    [[noreturn]] void throw_exhausted() const { the().throw_exhausted(); }

private:
    union immortal {
        Engine engine;
        constexpr immortal() : engine({}, policy(), Source{}) {}
        ~immortal() {}
    };
    static constexpr growth policy() noexcept {
        if constexpr (requires { Tag::policy; })
            return Tag::policy;
        else
            return {};
    }
    static Engine& the() noexcept { return shared.engine; }

    static constinit inline immortal shared;
    [[gnu::tls_model("initial-exec")]] static constinit inline thread_local watched_top mine{};
};

} // namespace detail

// As cached_pool, with one pool for all objects of this type: one per type and tag, without a look-up of the thread's
// magazine. The object is an empty handle, copyable; all of them are the same pool, which exists from before main to
// after static destruction, and never dies: objects alive at the end are left as they are; options.at_death has no
// effect, and leftovers::abort does not compile. `Tag::policy`, where the tag is a complete type with such a member,
// is the pool's growth.
template <class T, class Tag, pool_options Options = pool_options{}, memory_source Source = vm_source>
class static_cached_pool
    : public detail::typed_pool<
          T, pool_options{.alignment = Options.alignment, .at_death = leftovers::leave},
          detail::static_engine<detail::cached_engine<T, Options, Source, detail::static_cached_pool_kind>,
                                Source, Tag>,
          Source> {
    static_assert(Options.at_death != leftovers::abort, "a static pool never dies");

public:
    // Takes no memory. All are the same pool.
    constexpr static_cached_pool() = default;
    constexpr static_cached_pool(const static_cached_pool&) noexcept : static_cached_pool() {}
    static_cached_pool& operator=(const static_cached_pool&) = delete;
};

} // namespace cenote
