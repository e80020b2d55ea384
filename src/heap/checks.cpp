// What is said of pointers that are freed wrongly.
#include "heap_core.hpp"

#include "cenote/base/bits.hpp"
#include "cenote/base/error.hpp"

#include <algorithm>

namespace cenote::detail {

void heap_core::report(const char* what, const void* p, unit_kind kind) const noexcept {
    if (kind == kind_guarded) guarded_.report(what, p, __builtin_return_address(0));
    if (kind == kind_foreign)
        fail_with("%s: %p, which is in no block of the heap (foreign, or freed before)", what, p);
    if (kind == kind_inner) fail_with("%s: %p, which is inside a large block", what, p);
    if (kind == kind_large) fail_with("%s: %p, which is in a large block", what, p);
    if (kind == kind_mapping) fail_with("%s: %p, which is in a mapped block", what, p);
    fail_with("%s: %p, in size class %u (blocks of %zu bytes)", what, p, unsigned{kind},
              layout.size(static_cast<size_class>(kind)));
}

std::size_t heap_core::taken_bytes(const void* p) const noexcept {
    const unit_kind kind = map_.kind_of(p);
    if (kind == kind_mapping) return mappings_.bytes_of(p);
    if (kind == kind_guarded) return guarded_.bytes_of(p);
    if (kind == kind_large) {
        const locked_scope hold{units_.lock};
        return is_aligned(p, unit) && map_.kind_of(p) == kind_large ? map_.large_units(address_of(p)) * unit
                                                                    : 0;
    }
    if (kind == kind_foreign || kind > last_class) return 0;
    const auto c = static_cast<size_class>(kind);
    const class_store& store = classes_[c];
    const locked_scope hold{store.lock};
    return store.is_open() && store.slabs().is_taken(p) ? layout.size(c) : 0;
}

bool heap_core::is_block(const void* p) const noexcept {
    const unit_kind kind = map_.kind_of(p);
    if (kind == kind_large) return is_aligned(p, unit);
    if (kind == kind_mapping) return mappings_.bytes_of(p) != 0;
    if (kind == kind_guarded) return guarded_.bytes_of(p) != 0;
    if (kind == kind_foreign || kind > last_class) return false;
    const class_store& store = classes_[kind];
    const locked_scope hold{store.lock};
    return store.is_open() && store.slabs().contains(p);
}

bool heap_core::has_size(const void* p, std::size_t size, std::size_t alignment) const noexcept {
    const unit_kind kind = map_.kind_of(p);
    // Whatever its size: the free says so.
    const bool is_of_a_class = kind != kind_foreign && kind <= last_class;
    if (!(is_of_a_class ? may_be_block(p, kind) : is_block(p))) return true;
    const size_class said = layout.find(size, alignment);
    if (kind == kind_guarded) return said == guarded_.class_of(p);
    if (said != no_class || kind <= last_class) return kind == said;
    const std::size_t is = usable_size(p);
    if (is_for_units(size, alignment))
        return kind == kind_large && round_up(std::max<std::size_t>(size, 1), unit) == is;
    // reallocate leaves up to half of one unused.
    return kind == kind_mapping && size <= is &&
           round_up(std::max<std::size_t>(size, 1), vm::page_size()) >= is / 2;
}

void heap_core::report_wrong_size(const void* p, std::size_t size, std::size_t alignment) const noexcept {
    const std::size_t is = usable_size(p);
    fail_with(
        "free with the wrong size: %p, said to be of %zu bytes at a multiple of %zu, is a block of %zu bytes",
        p, size, alignment, is);
}

} // namespace cenote::detail
