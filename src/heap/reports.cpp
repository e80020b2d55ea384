// What heaps that have a name tell in the reports of named pools: the process heap, and others whose options name them.
#include "heap_list.hpp"

#include "cenote/pool/record_table.hpp"

#include <algorithm>
#include <cstddef>

namespace cenote::detail {

// Class number 0 is the whole heap, whose blocks are bytes. Needs the lock `heaps`.
pool_report heap_core::report_of(size_class c) const noexcept {
    pool_report r;
    pool_record::copy_text(r.name, name_);
    r.id = id_;
    if (c == 0) {
        pool_record::copy_text(r.kind, "heap");
        r.block_size = 1;
        r.live = std::min(taken_.load(std::memory_order_relaxed), supply_.held());
        r.capacity = r.bytes = supply_.held();
        r.peak_bytes = supply_.most_held();
        r.limit = supply_.limit();
        // Relaxed: a count orders nothing.
        r.refused = refused_.load(std::memory_order_relaxed);
        r.opened =
            r.live + std::min(at_least_nothing(loose_.load(std::memory_order_relaxed)), r.bytes - r.live);
    } else {
        const class_store& store = classes_[c];
        const locked_scope hold{store.lock};
        if (!store.is_open()) return r;
        pool_record::copy_text(r.kind, "size_class");
        const class_slabs& slabs = store.slabs();
        const segment_sums all = slabs.sums();
        r.block_size = class_size(c);
        r.live = slabs.taken() - std::min(store.in_depot(), slabs.taken());
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
    return r;
}

// One at a time, and none under the lock, for a visitor may allocate.
void heap_list::tell(bool size_classes_too, report_visitor visit, void* context) noexcept {
    const size_class last = size_classes_too ? last_class : 0;
    for (std::size_t number = 0;; ++number) {
        for (size_class c = 0; c <= last; ++c) {
            pool_report r;
            {
                const locked_scope hold{heaps.lock};
                const heap_core* h = heaps.oldest_;
                for (std::size_t i = 0; h != nullptr && i != number; ++i)
                    h = h->newer_;
                if (h == nullptr) return;
                if (h->name_ == nullptr) break;
                r = h->report_of(c);
            }
            if (r.kind[0] != '\0' && (c == 0 || r.capacity != 0)) visit(context, r);
        }
    }
}

constinit report_teller heap_list::teller_{&heap_list::tell};

} // namespace cenote::detail
