// What heaps that have a name tell in the reports of named pools: the process heap, and others whose options name them.
#include "heap_list.hpp"

#include "cenote/pool/record_table.hpp"

#include <algorithm>
#include <cstddef>

namespace cenote::detail {

// Class number 0 is the whole heap, whose blocks are bytes. False where it would have to wait. Needs the lock `heaps`.
bool heap_core::report_of(size_class c, bool may_wait, heap_report& r) const noexcept {
    pool_record::copy_text(r.name, name_);
    r.id = id_;
    // Relaxed, here and below: counts order nothing.
    r.threads = cache_count_.load(std::memory_order_relaxed);
    if (c == 0) {
        pool_record::copy_text(r.kind, "heap");
        r.block_size = 1;
        r.live = std::min(taken_.load(std::memory_order_relaxed), supply_.held());
        r.capacity = r.bytes = supply_.held();
        r.peak_bytes = supply_.most_held();
        r.limit = supply_.limit();
        r.refused = refused_.load(std::memory_order_relaxed);
        r.opened =
            r.live + std::min(at_least_nothing(loose_.load(std::memory_order_relaxed)), r.bytes - r.live);
    } else {
        const class_store& store = classes_[c];
        const tried_scope hold{store.lock, may_wait};
        if (!hold) return false;
        if (!store.is_open()) return true;
        pool_record::copy_text(r.kind, "size_class");
        const class_slabs& slabs = store.slabs();
        const segment_sums all = slabs.sums();
        const std::size_t in_depot = std::min(store.in_depot(), slabs.taken());
        r.block_size = layout.size(c);
        r.live = slabs.taken() - in_depot;
        r.in_magazines = std::min(in_magazines_of(c), r.live);
        r.capacity = slabs.capacity();
        r.limit = slabs.max_objects();
        r.bytes = r.peak_bytes = slabs.bytes();
        r.opened = all.opened;
        r.segments = all.segments;
        r.slabs = all.slabs;
        r.refills = store.refills;
        r.flushes = store.flushes;
    }
    r.peak = r.live;
    return true;
}

// All in one pass over the list, under its lock: a visitor who may not wait does not allocate.
bool heap_list::tell_without_waiting(report_visitor visit, void* context) noexcept {
    const tried_scope hold{heaps.lock, false};
    if (!hold) return false;
    bool is_all = true;
    for (const heap_core* h = heaps.oldest_; h != nullptr; h = h->newer_) {
        if (h->name_ == nullptr) continue;
        for (size_class c = 0; c <= last_class; ++c) {
            heap_report r;
            if (!h->report_of(c, false, r))
                is_all = false;
            else if (r.kind[0] != '\0' && (c == 0 || r.capacity != 0))
                visit(context, r);
        }
    }
    return is_all;
}

// Else one at a time, and none under the lock, for a visitor may allocate.
bool heap_list::tell(telling what, report_visitor visit, void* context) noexcept {
    if (what == telling::size_classes_too_without_waiting) return tell_without_waiting(visit, context);
    const size_class last = what == telling::heaps ? 0 : last_class;
    for (std::size_t number = 0;; ++number) {
        for (size_class c = 0; c <= last; ++c) {
            heap_report r;
            {
                const tried_scope hold{heaps.lock, true};
                const heap_core* h = heaps.oldest_;
                for (std::size_t i = 0; h != nullptr && i != number; ++i)
                    h = h->newer_;
                if (h == nullptr) return true;
                if (h->name_ == nullptr) break;
                h->report_of(c, true, r);
            }
            if (r.kind[0] != '\0' && (c == 0 || r.capacity != 0)) visit(context, r);
        }
    }
}

constinit report_teller heap_list::teller_{&heap_list::tell};

} // namespace cenote::detail

// See pool/publication.hpp.
extern "C" {
CENOTE_API extern const cenote::detail::publication_anchor cenote_publication;
[[gnu::used]] constinit const cenote::detail::publication_anchor cenote_publication{
    cenote::detail::published_page::right_magic, cenote::detail::published_page::right_layout,
    cenote::detail::pool_publication.wanted()};
}
