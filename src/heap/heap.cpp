#include "cenote/heap/heap.hpp"

#include "process_heap.hpp"
#include "stand_ins.hpp"

#include "cenote/os/vm.hpp"

#include <algorithm>
#include <cstring>
#include <malloc.h>
#include <new>

namespace cenote {

namespace {

// A heap that is not the process's lies in memory of its own, which comes zeroed from the OS, and may stay so but for the
// core.
struct class_stores {
    detail::class_store of[detail::last_class + 1];
};
constexpr std::size_t classes_offset = detail::round_up(sizeof(detail::heap_core), cache_line);
constexpr std::size_t map_offset = classes_offset + sizeof(class_stores);
std::size_t heap_bytes() noexcept {
    return detail::round_up(map_offset + sizeof(detail::segment_map), vm::page_size());
}

} // namespace

constexpr heap::heap(process_tag) noexcept : core_(&detail::process_heap) {}

// Its destructor does nothing: what is freed after static destruction is freed here.
union heap::undying {
    constexpr undying() noexcept : it(process_tag{}) {}
    ~undying() {}
    heap it;
};
constinit heap::undying heap::process_instance;

heap& heap::process() noexcept { return process_instance.it; }

detail::heap_core* heap::begin(const heap_options& options) noexcept {
    auto* const memory = static_cast<std::byte*>(vm::map_anywhere(heap_bytes()));
    if (memory == nullptr) return nullptr;
    auto* const map = ::new (memory + map_offset) detail::segment_map;
    auto* const classes = ::new (memory + classes_offset) class_stores;
    auto* const core = ::new (memory) detail::heap_core{*map, classes->of, options.name};
    core->set_limit(options.limit);
    core->set_decay(options.decay);
    core->begin(options.source);
    return core;
}

heap::~heap() {
    if (!begun()) return;
    if constexpr (detail::heap_has_stand_ins)
        detail::stand_ins.free_where([this](const void* block) { return core_->owns(block); });
    core_->end();
    vm::release(core_, heap_bytes());
}

void* heap::try_allocate(std::size_t size) noexcept {
    return detail::shown(*core_, core_->allocate(size), size, 16);
}
void* heap::try_allocate(std::size_t size, std::size_t alignment) noexcept {
    return detail::shown(*core_, core_->allocate(size, alignment), size, alignment);
}
void* heap::try_allocate_zeroed(std::size_t size, std::size_t alignment) noexcept {
    void* const p = detail::shown(*core_, core_->allocate_zeroed(size, alignment), size, alignment);
    if (detail::heap_has_stand_ins && p != nullptr) std::memset(p, 0, size);
    return p;
}
void heap::deallocate(void* p) noexcept { core_->deallocate(detail::retired(*core_, p)); }
void heap::deallocate(void* p, std::size_t size) noexcept {
    core_->deallocate(detail::retired(*core_, p), size);
}
void heap::deallocate(void* p, std::size_t size, std::size_t alignment) noexcept {
    core_->deallocate(detail::retired(*core_, p), size, alignment);
}
void* heap::try_reallocate(void* p, std::size_t size, std::size_t alignment) noexcept {
    if (p == nullptr) return try_allocate(size, alignment);
    if constexpr (detail::heap_has_stand_ins) {
        // Always elsewhere, so that who keeps the old pointer is found out.
        void* const to = try_allocate(size, alignment);
        if (to == nullptr) return nullptr;
        std::memcpy(to, p, std::min(size, usable_size(p)));
        deallocate(p);
        return to;
    }
    return core_->reallocate(p, size, alignment);
}
std::size_t heap::usable_size(const void* p) const noexcept {
    if constexpr (detail::heap_has_stand_ins)
        if (detail::stand_ins.other(p) != nullptr) return ::malloc_usable_size(const_cast<void*>(p));
    return core_->usable_size(p);
}
bool heap::owns(const void* p) const noexcept { return core_->owns(detail::meant_by(p)); }
std::size_t heap::trim() noexcept { return core_->trim(); }
heap_stats heap::stats() const noexcept { return core_->stats(); }
heap_stats heap::totals() const noexcept { return core_->totals(); }
size_class_stats heap::stats_of(detail::size_class c) const noexcept { return core_->stats_of(c); }
void heap::set_decay(std::uint32_t milliseconds) noexcept { core_->set_decay(milliseconds); }
void heap::set_limit(std::size_t bytes) noexcept { core_->set_limit(bytes); }
void heap::set_guard_rate(std::uint32_t rate, std::uint32_t places) noexcept {
    core_->set_guard_rate(rate, places);
}
void heap::set_leak_rate(std::size_t bytes) noexcept { core_->set_leak_rate(bytes); }
void heap::report_leaks(int file) const noexcept { core_->report_leaks(file); }
void heap::set_soft_limit(std::size_t bytes) noexcept { core_->budget().set_soft_limit(bytes); }
void heap::on_limit(limit_callback call, void* context) noexcept { core_->budget().on_limit(call, context); }
bool heap::valid() const noexcept { return core_->valid(); }
bool heap::is_live(const void* p) const noexcept { return core_->is_live(detail::meant_by(p)); }

} // namespace cenote
