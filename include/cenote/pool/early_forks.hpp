// Layer: pool. For tables under the registry's lock `tables` that any pool may use: forks take that lock from before main on, and not
// only from the first pool that threads share. Included by those tables.
#pragma once

#include "cenote/os/lock.hpp"
#include "cenote/pool/registry.hpp"

namespace cenote::detail {

// Not a variable that is initialised: that of an inline one needs the C++ runtime, which libcenote.so does without.
[[gnu::constructor]] static void handle_forks_early() noexcept {
    const locked_scope hold{shared_pools.members};
    shared_pools.handle_forks();
}

} // namespace cenote::detail
