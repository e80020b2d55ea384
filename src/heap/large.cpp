#include "heap_core.hpp"

#include "cenote/base/bits.hpp"

#include <algorithm>
#include <cstring>

namespace cenote::detail {

namespace {
constexpr std::size_t max_request = std::size_t{1} << 47;
} // namespace

bool heap_core::is_for_units(std::size_t size, std::size_t alignment) noexcept {
    return size <= max_large && alignment <= max_large;
}

heap_core::large_block heap_core::take_large(std::size_t size, std::size_t alignment) noexcept {
    const large_block got = take_large_once(size, alignment);
    pool_publication.note();
    return supply_.call_back(got.base == nullptr) ? take_large_once(size, alignment) : got;
}

heap_core::large_block heap_core::take_large_once(std::size_t size, std::size_t alignment,
                                                  bool again) noexcept {
    if (size > max_request || alignment > max_request) return {};
    prepare_for_source();
    large_block got{};
    std::size_t bytes = 0;
    std::size_t dirty = 0;
    if (is_for_units(size, alignment)) {
        const std::size_t units = std::max<std::size_t>(divide_up(size, unit), 1);
        const auto taken =
            units_.take(units, std::max<std::size_t>(alignment / unit, 1), kind_large, kind_inner);
        got = {taken.base, taken.dirty};
        bytes = units * unit;
        dirty = count_bits(taken.dirty) * unit;
    } else {
        const auto taken = mappings_.take(std::max<std::size_t>(size, 1), alignment);
        got = {taken.base, taken.dirty};
        bytes = taken.bytes;
        dirty = taken.dirty;
    }
    if (got.base == nullptr) {
        // What others left behind may be enough, where anything can be.
        if (again || size > supply_.limit() || !relieve()) return {};
        return take_large_once(size, alignment, true);
    }
    loosen(0, static_cast<std::ptrdiff_t>(bytes));
    if (dirty < bytes) make_room(bytes - dirty);
    return got;
}

void* heap_core::allocate_large(std::size_t size, std::size_t alignment, heap_core& of) noexcept {
    void* const p = of.take_large(size, alignment).base;
    if (p == nullptr) return of.refuse();
    if (of.counts_leaks()) of.note_large(p, __builtin_return_address(0));
    mark_unwritten(p, size);
    return p;
}

void* heap_core::allocate_zeroed(std::size_t size, std::size_t alignment) noexcept {
    const size_class c = layout.find(size, alignment);
    if (c != no_class) {
        void* const p = allocate_class(cache(), c, size, alignment);
        if (p != nullptr) std::memset(p, 0, size);
        return p;
    }
    const large_block got = take_large(size, alignment);
    if (got.base == nullptr) return refuse();
    if (counts_leaks()) note_large(got.base, __builtin_return_address(0));
    mark_written(got.base, size);
    if (!is_for_units(size, alignment)) {
        std::memset(got.base, 0, std::min<std::size_t>(size, got.dirty));
        return got.base;
    }
    for (std::size_t i = 0; i * unit < size; ++i)
        if (((got.dirty >> i) & 1) != 0)
            std::memset(static_cast<std::byte*>(got.base) + i * unit, 0, std::min(unit, size - i * unit));
    return got.base;
}

void heap_core::deallocate_large(void* p, unit_kind kind) noexcept {
    prepare_for_source();
    std::size_t bytes = 0;
    if (kind == kind_large)
        bytes = units_.give_large(p) * unit;
    else if (kind == kind_mapping)
        bytes = mappings_.give(p);
    if (bytes == 0) report("free of a pointer to no block", p, kind);
    loosen(0, -static_cast<std::ptrdiff_t>(bytes));
    pool_publication.note();
    if (loose() <= cap()) return;
    if (thread_cache* const cache = find_mine())
        watch(*cache);
    else
        note_loose(nullptr);
}

} // namespace cenote::detail
