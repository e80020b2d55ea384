// A heap with the face of a typed pool, as a user would write it who keeps one type in it: what the conformance suite asks
// of every pool it may ask of the heap as well.
#pragma once

#include "cenote/heap/heap.hpp"
#include "cenote/source/vm_source.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace cenote_test {

template <class T, std::size_t Alignment, class Source>
class typed_heap {
public:
    explicit typed_heap(Source source = {}) : source_(std::move(source)) {}

    template <class... Args>
    T* create(Args&&... args) {
        if constexpr (Alignment == 0)
            return heap_.new_object<T>(std::forward<Args>(args)...);
        else
            return ::new (heap_.allocate(sizeof(T), alignment)) T(std::forward<Args>(args)...);
    }
    void destroy(T* p) {
        if constexpr (Alignment == 0) {
            heap_.delete_object(p);
        } else {
            if (p != nullptr) std::destroy_at(p);
            heap_.deallocate(p, sizeof(T), alignment);
        }
    }
    bool contains(const T* p) const { return heap_.owns(p); }
    bool is_live(const T* p) const { return heap_.is_live(p); }
    bool valid() const { return heap_.valid(); }
    std::size_t trim() { return heap_.trim(); }
    // All blocks are of one size.
    std::size_t live() {
        void* const p = heap_.allocate(sizeof(T), alignment);
        const std::size_t bytes = heap_.stats().live;
        const std::size_t block = heap_.usable_size(p);
        heap_.deallocate(p, sizeof(T), alignment);
        return bytes / block - 1;
    }
    Source& source() { return source_; }

private:
    static constexpr std::size_t alignment = std::max(alignof(T), Alignment);
    Source source_;
    cenote::heap heap_{{.source = source_}};
};

struct heaps {
    template <class T, std::size_t Alignment = 0, class Source = cenote::vm_source>
    using pool = typed_heap<T, Alignment, Source>;
};

} // namespace cenote_test
