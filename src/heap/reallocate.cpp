#include "heap_core.hpp"

#include "cenote/base/bits.hpp"

#include <algorithm>
#include <cstring>

namespace cenote::detail {

std::size_t heap_core::usable_size(const void* p) const noexcept {
    if (p == nullptr) return 0;
    const unit_kind kind = map_.kind_of(p);
    if (kind != kind_foreign && kind <= last_class) return class_size(static_cast<size_class>(kind));
    std::size_t bytes = 0;
    if (kind == kind_large && is_aligned(p, unit))
        bytes = map_.large_units(address_of(p)) * unit;
    else if (kind == kind_mapping)
        bytes = mappings_.bytes_of(p);
    if (bytes == 0) report("size of a pointer to no block", p, kind);
    return bytes;
}

// Whether the block can hold `size` where it lies, and should: one that would be more than half empty moves.
bool heap_core::resize_large_in_place(void* p, unit_kind kind, std::size_t usable,
                                      std::size_t size) noexcept {
    if (kind == kind_mapping) return size <= usable && size >= usable / 2;
    const std::size_t units = usable / unit;
    const std::size_t wanted = divide_up(size, unit);
    if (size <= max_class_size / 2 || size > max_large) return false;
    if (wanted > units) {
        if (!units_.extend(p, units, wanted - units)) return false;
    } else if (wanted < units) {
        units_.give(static_cast<std::byte*>(p) + wanted * unit, units - wanted);
    }
    loosen(0, (static_cast<std::ptrdiff_t>(wanted) - static_cast<std::ptrdiff_t>(units)) *
                  static_cast<std::ptrdiff_t>(unit));
    return true;
}

void* heap_core::reallocate(void* p, std::size_t size, std::size_t alignment) noexcept {
    const unit_kind kind = map_.kind_of(p);
    const std::size_t block = class_size(kind <= last_class ? static_cast<size_class>(kind) : no_class);
    if (size <= block && size >= block / 2 && is_aligned(p, alignment)) [[likely]]
        return p;
    if (kind == kind_foreign || kind == kind_inner) report("reallocate of a pointer to no block", p, kind);
    const std::size_t usable = usable_size(p);
    if (kind > last_class && is_aligned(p, alignment) && resize_large_in_place(p, kind, usable, size))
        return p;
    if (kind == kind_mapping && size > usable && is_aligned(p, alignment)) {
        // An eighth more than asked: blocks that grow in small steps would else go to the kernel at each.
        const auto grown = mappings_.resize(p, size + size / 8);
        if (grown.base != nullptr) {
            loosen(0, static_cast<std::ptrdiff_t>(grown.bytes - usable));
            return grown.base;
        }
    }
    void* const to = alignment <= 16 ? allocate(size) : allocate(size, alignment);
    if (to == nullptr) return nullptr;
    std::memcpy(to, p, std::min(size, usable));
    deallocate(p);
    return to;
}

} // namespace cenote::detail
