// Layer: pool. Pools for code that may never wait: everything is taken, faulted in and locked by the constructor, and after
// that no call makes a system call, faults in a page, grows or waits for a lock.
//
//     cenote::real_time_pool<order> orders{10'000};            // for one thread
//     cenote::shared_real_time_pool<order> shared{10'000};     // for any number of threads
//
// There is none over a lock: those of locked_pool and cached_pool have no priority inheritance, so a thread of low priority
// that is preempted with one would hold up one of high priority.
#pragma once

#include "cenote/base/error.hpp"
#include "cenote/pool/exhausted.hpp"
#include "cenote/pool/lockfree_pool.hpp"
#include "cenote/pool/object_pool.hpp"
#include "cenote/pool/watched.hpp"
#include "cenote/source/locked_source.hpp"
#include "cenote/source/vm_source.hpp"

#include <cstddef>
#include <new>
#include <sys/resource.h>
#include <utility>

namespace cenote {

namespace detail {

inline namespace CENOTE_LEVEL {
struct real_time_pool_kind {
    static constexpr const char* name = "real_time_pool";
};
struct shared_real_time_pool_kind {
    static constexpr const char* name = "shared_real_time_pool";
    static constexpr bool is_stocked = true; // what basic_lockfree_pool is to know
};
} // namespace CENOTE_LEVEL

template <class T, pool_options Options, memory_source Source>
using real_time_engine =
    watched<basic_pool<typename object_layout<T, Options>::geometry, Source, real_time_pool_kind>, Source>;
template <class T, pool_options Options, memory_source Source>
using shared_real_time_engine =
    watched<basic_lockfree_pool<linked_block<sizeof(T), object_layout<T, Options>::geometry::alignment()>,
                                Source, shared_real_time_pool_kind>,
            Source>;

[[noreturn]] CENOTE_COLD inline void throw_not_ready(const pool_identity& pool, std::size_t objects,
                                                     bool was_not_locked) {
    short_text text;
    text.add("out of memory: %s", pool.kind);
    if (pool.name != nullptr) text.add(" \"%.60s\"", pool.name);
    text.add(" cannot have its %zu blocks of %zu bytes", objects, pool.block_size);
    rlimit most{};
    if (was_not_locked && ::getrlimit(RLIMIT_MEMLOCK, &most) == 0)
        text.add(" locked in memory (RLIMIT_MEMLOCK is %llu bytes)",
                 static_cast<unsigned long long>(most.rlim_cur));
    throw_out_of_memory(text);
}

// What both have: room for so many objects from the constructor on, and nothing that could give it back.
template <class T, pool_options Options, class Engine, memory_source Source>
class basic_real_time_pool : public typed_pool<T, Options, Engine, Source> {
    using base = typed_pool<T, Options, Engine, Source>;

public:
    // Room for `objects`. Throws out_of_memory, a std::bad_alloc, with nothing taken, where the source refuses, or the OS does not
    // lock so much (RLIMIT_MEMLOCK); what() says which. `name` as growth::named. O(objects), and faults in every page.
    explicit basic_real_time_pool(std::size_t objects, const char* name = nullptr, Source source = {})
        : basic_real_time_pool(objects, std::nothrow, name, std::move(source)) {
        if (!is_ready())
            throw_not_ready(this->engine().identity(), objects, this->source().not_locked() != 0);
    }
    // The same, but where that is refused is_ready() is false, and the pool is one that has no room.
    basic_real_time_pool(std::size_t objects, std::nothrow_t, const char* name = nullptr,
                         Source source = {}) noexcept
        : base(growth::fixed(objects).named(name), std::move(source)), is_ready_(this->try_preheat(objects)) {
        this->engine().close();
        stock();
    }
    bool is_ready() const noexcept { return is_ready_; }

    // There are no more than there are.
    void preheat(std::size_t) = delete;
    // Nothing goes back before the pool's death.
    void trim() = delete;
    // Destroys every live object; all memory is kept. For one thread, or a quiet pool. No system call. O(capacity).
    void reset() noexcept {
        base::reset(reset_mode::retain_capacity());
        stock();
    }
    // As typed_pool's. For one thread, or a quiet pool. O(capacity).
    template <class Visitor>
    void for_each(Visitor&& visit) {
        base::for_each(std::forward<Visitor>(visit));
        stock();
    }

private:
    void stock() noexcept {
        if constexpr (requires(Engine & e) { e.stock(); }) this->engine().stock();
    }

    bool is_ready_;
};

} // namespace detail

// Objects of one type, for one thread: an object_pool that holds room for so many objects from its construction to its
// death. Its memory is resident and locked, magazine and header included, so that create and destroy
//   - make no system call, also where a create is refused because all objects are out: try_create returns nullptr. create throws
//     then, and exceptions allocate: use try_create;
//   - fault in no page of the pool. What else the program touches is its own to lock (mlockall);
//   - take no lock, and at most exchange 64 blocks between magazine and slabs.
// What they take at worst is in the guide, under Real time. Not movable while threads look at it, else as object_pool; there is no
// trim, and a reset keeps the memory.
template <class T, pool_options Options = pool_options{}, memory_source Source = vm_source>
class real_time_pool
    : public detail::basic_real_time_pool<
          T, Options, detail::real_time_engine<T, Options, locked_source<Source>>, locked_source<Source>> {
public:
    using detail::basic_real_time_pool<T, Options,
                                       detail::real_time_engine<T, Options, locked_source<Source>>,
                                       locked_source<Source>>::basic_real_time_pool;
};

// The same for any number of threads: a lockfree_pool whose blocks are all on its list from the start, so that no create or destroy
// ever takes a lock: one that finds the list empty is refused. Lock-free, not wait-free: a call is held up only by others that got
// on meanwhile, never by one that was preempted. With full checks destroy takes a lock, to be exact: not for real time.
template <class T, pool_options Options = pool_options{}, memory_source Source = vm_source>
class shared_real_time_pool
    : public detail::basic_real_time_pool<T, Options,
                                          detail::shared_real_time_engine<T, Options, locked_source<Source>>,
                                          locked_source<Source>> {
public:
    using detail::basic_real_time_pool<T, Options,
                                       detail::shared_real_time_engine<T, Options, locked_source<Source>>,
                                       locked_source<Source>>::basic_real_time_pool;
};

} // namespace cenote
