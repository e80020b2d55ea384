// Layer: pool. Rung 5 of the ladder: `object_pool` behind a lock.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/os/lock.hpp"
#include "cenote/pool/basic_pool.hpp"
#include "cenote/pool/registry.hpp"
#include "cenote/pool/typed_pool.hpp"
#include "cenote/pool/watched.hpp"
#include "cenote/source/vm_source.hpp"

#include <cstddef>
#include <utility>

namespace cenote {

namespace detail {

// The engine for one thread, one call at a time.
template <class Geometry, memory_source Source, class Kind>
class basic_locked_pool {
public:
    basic_locked_pool(const Geometry& geometry, const growth& policy, Source source)
        : pool_(geometry, policy, std::move(source)) {}

    void* allocate() noexcept {
        return locked_try_twice([this]() noexcept { return pool_.allocate(); });
    }

    // What is worth a second lock; the rest is checked by deallocate.
    CENOTE_ALWAYS_INLINE void check(const void* p) const noexcept {
        if constexpr (CENOTE_ASAN != 0 || checks_full) {
            const auto hold = held();
            pool_.check(p);
        }
    }
    void deallocate(void* p) noexcept {
        const auto hold = held();
        pool_.check(p);
        pool_.deallocate(p);
    }

    void take_back(void* p) noexcept { deallocate(p); }

    bool preheat(std::size_t blocks) noexcept {
        return locked_try_twice([this, blocks]() noexcept { return pool_.preheat(blocks); });
    }
    std::size_t trim() noexcept {
        const auto hold = held();
        return pool_.trim();
    }
    void reset(reset_mode mode) noexcept {
        const auto hold = held();
        pool_.reset(mode);
    }

    // Without the lock: needs a quiet pool, so that the visitor may create and destroy.
    template <class Visitor>
    void for_each(Visitor&& visit) {
        pool_.for_each(std::forward<Visitor>(visit));
    }

    const std::byte* block_around(const void* p) const noexcept {
        const auto hold = held();
        return pool_.block_around(p);
    }
    bool contains(const void* p) const noexcept {
        const auto hold = held();
        return pool_.contains(p);
    }
    bool is_live(const void* p) const noexcept {
        const auto hold = held();
        return pool_.is_live(p);
    }
    std::size_t live() const noexcept {
        const auto hold = held();
        return pool_.live();
    }
    std::size_t capacity() const noexcept {
        const auto hold = held();
        return pool_.capacity();
    }
    pool_stats stats() const noexcept {
        const auto hold = held();
        return pool_.stats();
    }
    bool valid() const noexcept {
        const auto hold = held();
        return pool_.valid();
    }
    std::size_t usable_bytes() const noexcept { return pool_.usable_bytes(); }
    std::size_t spare_bytes() const noexcept { return pool_.spare_bytes(); }
    std::size_t alignment() const noexcept { return pool_.alignment(); }
    Source& source() noexcept { return pool_.source(); }
    const Source& source() const noexcept { return pool_.source(); }

    [[noreturn]] CENOTE_COLD void broken(const char* what, const void* p) const noexcept {
        pool_.broken(what, p);
    }
    [[noreturn]] CENOTE_COLD void throw_exhausted() const {
        detail::throw_exhausted(pool_.identity(), stats(), budget_of(source()));
    }
    pool_identity identity() const noexcept { return pool_.identity(); }

private:
    static_assert(Kind::is_locked); // what basic_pool is to know

    template <class Request>
    auto locked_try_twice(Request once) noexcept {
        return try_twice(
            source(),
            [&]() noexcept {
                const auto hold = held();
                return once();
            },
            [this]() noexcept { tell_refused(); });
    }
    CENOTE_COLD void tell_refused() noexcept {
        const auto hold = held();
        pool_.tell_refused();
    }
    locked_scope<short_lock> held() const noexcept { return locked_scope<short_lock>{guard_.lock}; }

    basic_pool<Geometry, Source, Kind> pool_;
    fork_safe_lock guard_;
};

inline namespace CENOTE_LEVEL {
struct locked_pool_kind {
    static constexpr const char* name = "locked_pool";
    static constexpr bool is_locked = true;
};
} // namespace CENOTE_LEVEL
template <class T, pool_options Options, memory_source Source>
using locked_engine =
    watched<basic_locked_pool<typename object_layout<T, Options>::geometry, Source, locked_pool_kind>,
            Source>;

} // namespace detail

// Objects of one type, for any thread: one lock around everything. Growth happens once, however many threads wait.
// The interface is that of detail::typed_pool, and:
//   - all calls but for_each, reset and death may be made by any thread at any time. These three need a quiet
//     pool: no other thread calls it meanwhile. `source()` is not locked either;
//   - a wait is a short spin, then a futex. A fork takes the lock, so that the child can go on;
//   - objects are constructed and destroyed outside the lock, and a double destroy of the object destroyed last is seen after
//     its destructor has run again;
//   - not movable.
// Take `cached_pool` unless there are few calls, or many pools of few objects: a lock costs more than the pool.
template <class T, pool_options Options = pool_options{}, memory_source Source = vm_source>
class locked_pool : public detail::typed_pool<T, Options, detail::locked_engine<T, Options, Source>, Source> {
public:
    using detail::typed_pool<T, Options, detail::locked_engine<T, Options, Source>, Source>::typed_pool;
};

} // namespace cenote
