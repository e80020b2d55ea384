// Layer: heap. Guards: OS pages that nobody may touch, so that what goes astray ends the program. Only the hardened
// replacement of malloc has any.
//
//     segment   header | guard | slabs ... | guard
//
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/os/vm.hpp"

#include <atomic>
#include <cstddef>

namespace cenote::detail {

// As x86-64's pages; on a system with larger ones guards are refused, and left out.
inline constexpr std::size_t guard_page = 4096;

// Whether new segments get theirs. Relaxed: those that exist are recognised by nobody, and taken away all the same.
inline constinit std::atomic<bool> guards_are_on{true};

// What a slab_list asks its source for guards by.
template <bool AreThere>
struct segment_guards {
    static bool remove_guards(void*, std::size_t) noexcept { return true; }
};
template <>
struct segment_guards<true> {
    static constexpr std::size_t guard_bytes = guard_page;

    // A segment without guards is better than none.
    static void guard(void* p) noexcept {
        if (guards_are_on.load(std::memory_order_relaxed)) (void)vm::forbid(p, guard_page);
    }
    // From a whole segment. False when refused.
    static bool remove_guards(void* p, std::size_t bytes) noexcept { return vm::permit(p, bytes); }
};

} // namespace cenote::detail
