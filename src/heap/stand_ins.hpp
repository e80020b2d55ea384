// What the heap hands out under AddressSanitizer: memory of malloc's in its blocks' place, as the pools do; see
// pool/stand_in.hpp. Elsewhere the blocks themselves: nothing below does anything then.
#pragma once

#include "heap_core.hpp"

#include "cenote/base/config.hpp"
#include "cenote/base/poison.hpp"
#include "cenote/pool/watched.hpp"

#include <algorithm>
#include <cstddef>

namespace cenote::detail {

inline constexpr bool heap_has_stand_ins = CENOTE_STAND_INS != 0;

// What the caller gets for `block`, nullptr for nullptr.
CENOTE_ALWAYS_INLINE void* shown(heap_core& core, void* block, std::size_t size,
                                 std::size_t alignment) noexcept {
    if constexpr (!heap_has_stand_ins) return block;
    if (block == nullptr) return nullptr;
    void* const made =
        stand_ins.make(block, std::max<std::size_t>(size, 1), std::max<std::size_t>(alignment, 16));
    if (made == nullptr) core.deallocate(block);
    return made;
}

// The block that is meant by what a caller has; what is no stand-in means itself.
CENOTE_ALWAYS_INLINE const void* meant_by(const void* p) noexcept {
    if constexpr (!heap_has_stand_ins) return p;
    const void* const block = stand_ins.other(p);
    return block == nullptr ? p : block;
}

// The block, whose stand-in is freed now. What is none is reported here where AddressSanitizer knows more, else by the core.
CENOTE_ALWAYS_INLINE void* retired(heap_core& core, void* p) noexcept {
    if constexpr (!heap_has_stand_ins) return p;
    if (p == nullptr) return nullptr;
    const void* const block = stand_ins.other(p);
    if (block == nullptr) describe_no_stand_in(p);
    return block != nullptr && core.owns(block) ? stand_ins.retire(p) : p;
}

} // namespace cenote::detail
