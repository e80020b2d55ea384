// Keeps the optimiser honest.
#pragma once

#include <cstdint>

namespace bench {

// The value in `v` counts as used and as possibly changed, and so does every byte of memory that has escaped.
// What google-benchmark calls DoNotOptimize, except that the value stays in its register: g++ may take the
// "m" of that one's constraint and add a store and a load, which is half the work of the fastest subjects
// here.
template <class Register>
[[gnu::always_inline]] inline void keep(Register& v) noexcept {
    asm volatile("" : "+r"(v) : : "memory");
}

// Everything that was written counts as read, and may have changed. After a destroy: otherwise the compiler
// carries the head of an inlined free list in a register from one operation straight into the next, drops its
// check for empty, and what is measured is a loop that no program contains.
[[gnu::always_inline]] inline void settle() noexcept { asm volatile("" : : : "memory"); }

} // namespace bench
