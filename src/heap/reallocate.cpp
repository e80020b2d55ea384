#include "heap_core.hpp"

#include "cenote/base/bits.hpp"

#include <algorithm>
#include <cstring>

namespace cenote::detail {

std::size_t heap_core::usable_size(const void* p) const noexcept {
    if (p == nullptr) return 0;
    const unit_kind kind = map_.kind_of(p);
    if (kind != kind_foreign && kind <= last_class && may_be_block(p, kind))
        return layout.size(static_cast<size_class>(kind));
    std::size_t bytes = 0;
    if (kind == kind_large && is_aligned(p, unit))
        bytes = map_.large_units(address_of(p)) * unit;
    else if (kind == kind_mapping)
        bytes = mappings_.bytes_of(p);
    else if (kind == kind_guarded)
        bytes = guarded_.bytes_of(p);
    if (bytes == 0) report("size of a pointer to no block", p, kind);
    return bytes;
}

namespace {
constexpr std::size_t least_shrink_divisor = 8;
} // namespace

// Whether the block can hold `size` where it lies, and should: one that would be more than half empty moves.
bool heap_core::resize_large_in_place(void* p, unit_kind kind, std::size_t usable,
                                      std::size_t size) noexcept {
    if (kind == kind_mapping) {
        if (size > usable || size < usable / 2) return false;
        // A block that shrinks in small steps would else go to the kernel at each.
        if (usable - size >= std::max(usable / least_shrink_divisor, unit))
            loosen(0, -static_cast<std::ptrdiff_t>(mappings_.shrink(p, size)));
        return true;
    }
    const std::size_t units = usable / unit;
    const std::size_t wanted = divide_up(size, unit);
    if (size <= max_class_size || size > max_large)
        return false; // a class's: its free may come with the size
    if (wanted > units) {
        if (!units_.extend(p, units, wanted - units)) return false;
    } else if (wanted < units) {
        units_.give(static_cast<std::byte*>(p) + wanted * unit, units - wanted);
    }
    loosen(0, (static_cast<std::ptrdiff_t>(wanted) - static_cast<std::ptrdiff_t>(units)) *
                  static_cast<std::ptrdiff_t>(unit));
    return true;
}

// The same block, or another mapping with its contents; nullptr, and nothing changed, where the contents have to be copied.
void* heap_core::resize_large(void* p, unit_kind kind, std::size_t usable, std::size_t size,
                              std::size_t alignment) noexcept {
    if (is_aligned(p, alignment) && resize_large_in_place(p, kind, usable, size)) return p;
    // Mappings begin at multiples of a unit, and nothing more is kept when they move.
    if (kind != kind_mapping || size <= usable || alignment > unit) return nullptr;
    // An eighth more than asked: blocks that grow in small steps would else go to the kernel at each.
    auto grown = mappings_.resize(p, size + std::min(size / 8, ~size));
    if (grown.base == nullptr) grown = mappings_.resize(p, size);
    if (grown.base != nullptr) loosen(0, static_cast<std::ptrdiff_t>(grown.bytes - usable));
    return grown.base;
}

namespace {
CENOTE_ALWAYS_INLINE size_class class_of(std::size_t size, std::size_t alignment) noexcept {
    return alignment == 16 && size <= max_class_size ? layout.find(size) : layout.find(size, alignment);
}
} // namespace

void* heap_core::reallocate(void* p, std::size_t size, std::size_t alignment) noexcept {
    const unit_kind kind = map_.kind_of(p);
    // In place where the block is of the class that the new size would get: it can be freed with that size, then.
    if (kind != kind_foreign && kind == class_of(size, alignment) && may_be_block(p, kind)) [[likely]]
        return p;
    if (!is_block(p)) report("reallocate of a pointer to no block", p, kind);
    const std::size_t usable = usable_size(p);
    const bool is_large = kind == kind_large || kind == kind_mapping;
    const bool is_counted = is_large && counts_leaks();
    // Before anything else: where it moves, another block may be at its address at once.
    if (is_counted) leaks_.remove(p);
    void* const resized = is_large ? resize_large(p, kind, usable, size, alignment) : nullptr;
    if (resized != nullptr) {
        if (is_counted) note_large(resized, __builtin_return_address(0));
        return resized;
    }
    void* const to = alignment == 16 ? allocate(size) : allocate(size, alignment);
    if (to == nullptr) {
        if (is_counted) note_large(p, __builtin_return_address(0));
        // A block that only shrinks is never refused, where its free looks it up.
        return is_large && size > max_class_size && size <= usable ? p : nullptr;
    }
    std::memcpy(to, p, std::min(size, usable));
    deallocate(p);
    return to;
}

} // namespace cenote::detail
