// Counts and audits.
#include "heap_core.hpp"
#include "heap_list.hpp"

#include <algorithm>

namespace cenote::detail {

// Blocks in all threads' magazines. Needs the lock `heaps`.
std::size_t heap_core::in_magazines_of(size_class c) const noexcept {
    std::size_t blocks = 0;
    for (const thread_cache* cache = caches_; cache != nullptr; cache = cache->next_of_heap)
        // The owner may be giving it other slots: more than it can hold is no figure.
        blocks += std::min(cache->size(c), layout.magazine_limit(c));
    return blocks;
}

size_class_stats heap_core::stats_of(size_class c) const noexcept {
    size_class_stats s{.block_size = layout.size(c)};
    const locked_scope hold{heaps.lock};
    s.in_magazines = in_magazines_of(c);
    const class_store& store = classes_[c];
    const locked_scope hold_class{store.lock};
    if (!store.is_open()) return s;
    s.in_magazines = std::min(s.in_magazines + store.in_depot(), store.slabs().taken());
    s.live = store.slabs().taken() - s.in_magazines;
    s.capacity = store.slabs().capacity();
    s.slabs = store.slabs().slabs();
    s.refills = store.refills;
    s.flushes = store.flushes;
    return s;
}

heap_stats heap_core::totals() const noexcept {
    return {.held = supply_.held(), .most_held = supply_.most_held(), .limit = supply_.limit()};
}

heap_stats heap_core::stats() const noexcept {
    heap_stats s = totals();
    for (size_class c = 1; c <= last_class; ++c) {
        const size_class_stats of = stats_of(c);
        s.live += of.live * of.block_size;
        s.in_magazines += of.in_magazines * of.block_size;
    }
    {
        const locked_scope hold{units_.lock};
        s.large_live = units_.large_bytes();
    }
    {
        const locked_scope hold{mappings_.lock};
        s.mapping_live = mappings_.live_bytes();
        s.mappings = mappings_.live();
    }
    {
        const locked_scope hold{guarded_.lock};
        s.guarded_live = guarded_.live_bytes();
        s.guarded = guarded_.taken();
    }
    s.mapping_cache = mappings_.cached_bytes();
    s.free = at_least_nothing(loose_.load(std::memory_order_relaxed)) + units_.loose_bytes();
    s.live += s.large_live + s.mapping_live + s.guarded_live;
    s.caches = cache_count_.load(std::memory_order_relaxed);
    return s;
}

bool heap_core::is_live(const void* p) const noexcept {
    const unit_kind kind = map_.kind_of(p);
    if (kind == kind_large) return is_aligned(p, unit);
    if (kind == kind_mapping) return mappings_.bytes_of(p) != 0;
    if (kind == kind_guarded) return guarded_.bytes_of(p) != 0;
    if (kind == kind_foreign || kind > last_class) return false;
    const auto c = static_cast<size_class>(kind);
    const locked_scope hold{heaps.lock};
    for (const thread_cache* cache = caches_; cache != nullptr; cache = cache->next_of_heap)
        if (std::byte** const first = cache->states[c].first;
            std::find(first, first + cache->size(c), p) != first + cache->size(c))
            return false;
    const class_store& store = classes_[c];
    const locked_scope hold_class{store.lock};
    return store.is_open() && store.slabs().is_taken(p) && !store.depot_holds(p);
}

bool heap_core::valid() const noexcept {
    if (!units_.valid() || !mappings_.valid() || !guarded_.valid() || !leaks_.valid()) return false;
    const locked_scope hold{heaps.lock};
    for (size_class c = 1; c <= last_class; ++c) {
        std::size_t waiting = 0;
        for (const thread_cache* cache = caches_; cache != nullptr; cache = cache->next_of_heap) {
            const magazine_state& state = cache->states[c];
            if (state.first == nullptr) continue;
            if (cache->size(c) > state.capacity || state.first[-1] != nullptr) return false;
            waiting += cache->size(c);
        }
        const class_store& store = classes_[c];
        const locked_scope hold_class{store.lock};
        if (!store.is_open()) continue;
        if (!store.slabs().valid() || waiting + store.in_depot() > store.slabs().taken()) return false;
    }
    return true;
}

} // namespace cenote::detail
