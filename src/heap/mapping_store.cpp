#include "mapping_store.hpp"

#include "cenote/base/bits.hpp"
#include "cenote/base/poison.hpp"

#include <algorithm>

namespace cenote::detail {

namespace {
// More than any address space holds; keeps the arithmetic below from wrapping round.
constexpr std::size_t max_mapping = std::size_t{1} << 47;

void* pointer_to(std::uintptr_t base) noexcept { return reinterpret_cast<void*>(base); }
} // namespace

mapping_store::taken_mapping mapping_store::take(std::size_t bytes, std::size_t alignment) noexcept {
    if (bytes > max_mapping || alignment > max_mapping) return {};
    bytes = round_up(bytes, vm::page_size());
    alignment = std::max(alignment, unit);
    const locked_scope hold{lock};
    if (!live_.reserve_one()) return {};
    record r{};
    if (take_cached(bytes, alignment, r)) return hand_out(r);

    void* base = from_.reserve(bytes, alignment);
    if (base == nullptr && cached_ != 0) {
        // What is cached may be what is missing.
        while (cached_ != 0)
            drop_cached(0);
        base = from_.reserve(bytes, alignment);
    }
    if (base == nullptr) return {};
    if (!map_.cover(address_of(base), 1)) {
        from_.release(base, bytes, alignment);
        return {};
    }
    return hand_out({address_of(base), bytes, alignment, from_.is_zeroing() ? 0 : bytes});
}

std::size_t mapping_store::give(void* base) noexcept {
    const locked_scope hold{lock};
    record* const found = live_.find(address_of(base));
    if (found == nullptr) return 0;
    record r = *found;
    live_.remove(found);
    live_bytes_ -= r.bytes;
    map_.set(r.base, 1, kind_foreign);
    r.dirty = r.bytes;
    while (cached_ != 0 && cached_bytes() > cache_limit())
        drop_cached(0);
    if (r.bytes > cache_limit()) {
        from_.release(base, r.bytes, r.alignment);
        return r.bytes;
    }
    while (cached_ == max_cached || (cached_ != 0 && cached_bytes() + r.bytes > cache_limit()))
        drop_cached(0);
    hide_range(base, r.bytes);
    cache_[cached_++] = r;
    cached_bytes_.store(cached_bytes() + r.bytes, std::memory_order_relaxed);
    return r.bytes;
}

std::size_t mapping_store::bytes_of(const void* base) const noexcept {
    const locked_scope hold{lock};
    const record* const found = live_.find(address_of(base));
    return found == nullptr ? 0 : found->bytes;
}

mapping_store::taken_mapping mapping_store::resize(void* base, std::size_t bytes) noexcept {
    if (bytes > max_mapping) return {};
    bytes = round_up(bytes, vm::page_size());
    const locked_scope hold{lock};
    record* const found = live_.find(address_of(base));
    if (found == nullptr || bytes < found->bytes) return {};
    record r = *found;
    // Before the old place may be somebody else's.
    map_.set(r.base, 1, kind_foreign);
    if (!enlarge(r, bytes)) {
        map_.set(r.base, 1, kind_mapping);
        return {};
    }
    live_bytes_ -= found->bytes;
    live_.remove(found);
    return hand_out(r);
}

std::size_t mapping_store::shrink(void* base, std::size_t bytes) noexcept {
    bytes = round_up(bytes, vm::page_size());
    const locked_scope hold{lock};
    record* const found = live_.find(address_of(base));
    if (found == nullptr || bytes >= found->bytes || !from_.shrink(base, found->bytes, bytes)) return 0;
    const std::size_t less = found->bytes - bytes;
    found->bytes = bytes;
    found->dirty = std::min(found->dirty, bytes);
    live_bytes_ -= less;
    return less;
}

std::size_t mapping_store::purge() noexcept {
    const locked_scope hold{lock};
    const std::size_t given = cached_bytes();
    while (cached_ != 0)
        drop_cached(cached_ - 1);
    if (live_.empty()) live_.release_all();
    water_.mark(0);
    return given;
}

std::size_t mapping_store::purge_idle() noexcept {
    const locked_scope hold{lock};
    const std::size_t before = cached_bytes();
    const std::size_t idle = water_.idle(before);
    while (cached_ != 0 && before - cached_bytes() < idle)
        drop_cached(0);
    water_.mark(cached_bytes());
    return before - cached_bytes();
}

void mapping_store::mark() noexcept {
    const locked_scope hold{lock};
    water_.mark(cached_bytes());
}

void mapping_store::release_all() noexcept {
    while (cached_ != 0)
        drop_cached(cached_ - 1);
    for (const record& r : live_) {
        show_range(pointer_to(r.base), r.bytes);
        from_.release(pointer_to(r.base), r.bytes, r.alignment);
    }
    live_.release_all();
    live_bytes_ = 0;
}

bool mapping_store::valid() const noexcept {
    const locked_scope hold{lock};
    std::size_t bytes = 0;
    for (const record* r = live_.begin(); r != live_.end(); ++r) {
        if (r != live_.begin() && r[-1].base + r[-1].bytes > r->base) return false;
        if (r->base % r->alignment != 0 || r->dirty > r->bytes) return false;
        if (map_.kind_of(pointer_to(r->base)) != kind_mapping) return false;
        bytes += r->bytes;
    }
    std::size_t cached = 0;
    for (const record* r = cache_; r != cache_ + cached_; ++r) {
        if (map_.kind_of(pointer_to(r->base)) != kind_foreign) return false;
        cached += r->bytes;
    }
    return bytes == live_bytes_ && cached == cached_bytes() && water_.least() <= cached;
}

std::size_t mapping_store::cache_limit() const noexcept { return std::max(least_cache, live_bytes_ / 2); }

// A cached mapping for `bytes`, made larger where none is large enough. False where none will do.
bool mapping_store::take_cached(std::size_t bytes, std::size_t alignment, record& out) noexcept {
    std::size_t fits = max_cached;
    std::size_t below = max_cached;
    for (std::size_t i = 0; i != cached_; ++i) {
        const record& r = cache_[i];
        if (r.base % alignment != 0) continue;
        if (r.bytes >= bytes) {
            if (r.bytes - bytes <= bytes / 4 && (fits == max_cached || r.bytes < cache_[fits].bytes))
                fits = i;
        } else if (r.bytes >= bytes / 2 && (below == max_cached || r.bytes > cache_[below].bytes)) {
            below = i;
        }
    }
    if (fits != max_cached) {
        out = forget_cached(fits);
        return true;
    }
    if (below == max_cached) return false;
    record larger = cache_[below];
    show_range(pointer_to(larger.base), larger.bytes);
    larger.alignment = std::max(larger.alignment, alignment);
    if (!enlarge(larger, bytes)) {
        hide_range(pointer_to(larger.base), larger.bytes);
        return false;
    }
    forget_cached(below);
    out = larger;
    return true;
}

// The reservation gets `bytes`, more than it has, here or elsewhere. False, and nothing changed, where that cannot be.
bool mapping_store::enlarge(record& r, std::size_t bytes) noexcept {
    if (from_.extend(pointer_to(r.base), r.bytes, bytes)) {
        r.bytes = bytes;
        return true;
    }
    void* const to = from_.move(pointer_to(r.base), r.bytes, bytes, r.alignment,
                                [this](void* base) { return map_.cover(address_of(base), 1); });
    if (to == nullptr) return false;
    r.base = address_of(to);
    r.bytes = bytes;
    return true;
}

mapping_store::taken_mapping mapping_store::hand_out(const record& r) noexcept {
    live_.insert(r);
    live_bytes_ += r.bytes;
    water_.use();
    map_.set(r.base, 1, kind_mapping);
    void* const base = pointer_to(r.base);
    show_range(base, r.bytes);
    return {base, r.bytes, r.dirty};
}

void mapping_store::drop_cached(std::size_t i) noexcept {
    const record r = forget_cached(i);
    show_range(pointer_to(r.base), r.bytes);
    from_.release(pointer_to(r.base), r.bytes, r.alignment);
}

mapping_store::record mapping_store::forget_cached(std::size_t i) noexcept {
    const record r = cache_[i];
    std::copy(cache_ + i + 1, cache_ + cached_, cache_ + i);
    --cached_;
    cached_bytes_.store(cached_bytes() - r.bytes, std::memory_order_relaxed);
    water_.fall(cached_bytes());
    return r;
}

} // namespace cenote::detail
