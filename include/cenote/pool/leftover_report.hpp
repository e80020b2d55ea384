// Layer: pool. Who hears of pools that die while objects of theirs are alive: for the report of leaks, of a program whose pools
// end with it.
//
//     int main() {
//         cenote::set_leftover_reporter(cenote::print_leftovers);
//
// What else happens to the objects is as pool_options::at_death says.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"

#include <cstddef>

namespace cenote {

// A pool that dies now.
struct leftover_report {
    const char* kind;       // "object_pool", "block_pool", ...
    const char* name;       // its user's; nullptr if it has none
    const void* pool;       // where the pool object, or its engine, lies
    std::size_t block_size; // bytes; 0: the blocks are of several sizes
    std::size_t live;       // objects, or blocks
    std::size_t bytes;      // of these together
};

// Called by the destructor of the pool, before any object's. It must not use the pool.
using leftover_reporter = void (*)(const leftover_report&) noexcept;

namespace detail {
inline constinit leftover_reporter told_of_leftovers = nullptr;
}

// From now on every typed pool and block_pool that dies with live objects is told to `reporter`, nullptr: to nobody. Returns the one
// before. Any thread may call it; a shared library that hides its symbols has one of its own. A family tells once for each size
// class with live blocks, and once for all larger blocks. Nothing is told of arenas, whose pieces are meant to end with them
// (what a named one holds is in the reports of pools), of intrusive pools, and of static pools, which never die.
inline leftover_reporter set_leftover_reporter(leftover_reporter reporter) noexcept {
    // Acquire and release: what the reporter needs was there before it was set.
    return __atomic_exchange_n(&detail::told_of_leftovers, reporter, __ATOMIC_ACQ_REL);
}

// One line on stderr. Allocates nothing.
inline void print_leftovers(const leftover_report& r) noexcept {
    const bool is_named = r.name != nullptr;
    const bool is_one_size = r.block_size != 0;
    detail::say("leak: %s%s%.96s%s %p ends with %zu live (%s %zu bytes%s)", r.kind, is_named ? " \"" : "",
                is_named ? r.name : "", is_named ? "\"" : "", r.pool, r.live,
                is_one_size ? "blocks of" : "larger blocks, of", is_one_size ? r.block_size : r.bytes,
                is_one_size ? "" : " together");
}

namespace detail {

template <class Pool>
CENOTE_COLD void tell_leftovers(const Pool& pool, leftover_reporter to) noexcept {
    const pool_identity who = pool.identity();
    const std::size_t live = pool.live();
    if (live != 0) to({who.kind, who.name, who.pool, who.block_size, live, live * who.block_size});
}

// nullptr where nobody asked to hear of them.
CENOTE_ALWAYS_INLINE leftover_reporter who_hears_of_leftovers() noexcept {
    // Acquire: pairs with set_leftover_reporter().
    return __atomic_load_n(&told_of_leftovers, __ATOMIC_ACQUIRE);
}

// For the destructors of pools; static ones do not die, and have no identity.
template <class Pool>
CENOTE_ALWAYS_INLINE void tell_leftovers(const Pool& pool) noexcept {
    if constexpr (requires { pool.identity(); }) {
        if (const leftover_reporter to = who_hears_of_leftovers()) [[unlikely]]
            tell_leftovers(pool, to);
    }
}

} // namespace detail

} // namespace cenote
