#include "c_api.hpp"

#include "cenote/base/error.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>

namespace {

using namespace cenote;
using namespace cenote::detail;

// There before the heap that uses it, and after it.
struct c_heap_source {
    c_source source;
};

class c_heap : c_heap_source, public heap {
public:
    explicit c_heap(const cenote_heap_options& o) noexcept
        : c_heap_source{c_source{o.source}}, heap(options_of(o, source), std::nothrow) {}
    using heap::begun;

    c_limits limits;

private:
    static heap_options options_of(const cenote_heap_options& o, c_source& source) noexcept {
        heap_options own;
        own.limit = unless_zero(o.limit, own.limit);
        if (o.decay_at_once)
            own.decay = 0;
        else if (o.decay != 0)
            own.decay = o.decay;
        if (o.source != nullptr) own.source = source;
        own.name = o.name;
        return own;
    }
};

// A heap is shown as what it is not, and never looked into as such.
heap& of(cenote_heap* h) noexcept { return *reinterpret_cast<heap*>(h); }
const heap& of(const cenote_heap* h) noexcept { return *reinterpret_cast<const heap*>(h); }
cenote_heap* shown(heap& h) noexcept { return reinterpret_cast<cenote_heap*>(&h); }

} // namespace

namespace {
constinit c_limits limits_of_process_heap;
constinit c_limits limits_of_process;
} // namespace

cenote_result cenote_process_set_limits(const cenote_limits* limits) {
    return limits_of_process.set(limits, process_budget);
}

cenote_result cenote_heap_set_limits(cenote_heap* h, const cenote_limits* limits) {
    if (&of(h) == &heap::process()) return limits_of_process_heap.set(limits, of(h));
    return static_cast<c_heap&>(of(h)).limits.set(limits, of(h));
}

cenote_heap* cenote_heap_process(void) { return shown(heap::process()); }

cenote_result cenote_heap_create(cenote_heap** out, const cenote_heap_options* options) {
    const cenote_heap_options usual{};
    const cenote_heap_options& o = options == nullptr ? usual : *options;
    if (out == nullptr || !sound(o)) return CENOTE_INVALID_ARGUMENT;
    c_heap* made = nullptr;
    if (make_in_heap<c_heap>(&made, o) != CENOTE_OK) return CENOTE_OUT_OF_MEMORY;
    if (!made->begun()) {
        heap::process().delete_object(made);
        return CENOTE_OUT_OF_MEMORY;
    }
    *out = shown(*made);
    return CENOTE_OK;
}

void cenote_heap_destroy(cenote_heap* h) {
    if (h == nullptr) return;
    if (&of(h) == &heap::process()) fail("cenote_heap_destroy: the heap of the process cannot be destroyed");
    heap::process().delete_object(static_cast<c_heap*>(&of(h)));
}

void* cenote_heap_allocate(cenote_heap* h, size_t size) { return of(h).try_allocate(size); }

void* cenote_heap_allocate_aligned(cenote_heap* h, size_t size, size_t alignment) {
    return std::has_single_bit(alignment) ? of(h).try_allocate(size, alignment) : nullptr;
}

void* cenote_heap_allocate_zeroed(cenote_heap* h, size_t count, size_t size) {
    std::size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? nullptr : of(h).try_allocate_zeroed(bytes);
}

void cenote_heap_deallocate(cenote_heap* h, void* p) { of(h).deallocate(p); }

void cenote_heap_deallocate_sized(cenote_heap* h, void* p, size_t size, size_t alignment) {
    if (alignment == 0)
        of(h).deallocate(p, size);
    else
        of(h).deallocate(p, size, alignment);
}

void* cenote_heap_reallocate(cenote_heap* h, void* p, size_t size, size_t alignment) {
    const std::size_t multiple = alignment_or_default(alignment);
    return std::has_single_bit(multiple) ? of(h).try_reallocate(p, size, multiple) : nullptr;
}

size_t cenote_heap_usable_size(const cenote_heap* h, const void* p) { return of(h).usable_size(p); }

bool cenote_heap_owns(const cenote_heap* h, const void* p) { return of(h).owns(p); }

size_t cenote_heap_trim(cenote_heap* h) { return of(h).trim(); }

void cenote_heap_set_decay(cenote_heap* h, uint32_t milliseconds) { of(h).set_decay(milliseconds); }

void cenote_heap_set_limit(cenote_heap* h, size_t bytes) { of(h).set_limit(bytes); }

void cenote_heap_set_guard_rate(cenote_heap* h, uint32_t rate, uint32_t places) {
    of(h).set_guard_rate(rate, places == 0 ? 64 : places);
}

void cenote_heap_set_leak_rate(cenote_heap* h, size_t bytes) { of(h).set_leak_rate(bytes); }

void cenote_heap_report_leaks(const cenote_heap* h, int file) { of(h).report_leaks(file); }

void cenote_heap_get_stats(const cenote_heap* h, cenote_heap_stats* out) {
    const heap_stats s = of(h).stats();
    *out = {s.live,       s.in_magazines, s.free,          s.held,   s.most_held, s.limit,
            s.large_live, s.mapping_live, s.mapping_cache, s.caches, {}};
}
