// Layer: override. The forms of operator new and delete on which all others rest; each may be replaced by the program.
// Compiled without exceptions, which pass through nevertheless.
#include "blocks.hpp"
#include "runtime.hpp"

#include "cenote/base/error.hpp"

#include <new>

namespace cenote::detail {

namespace {

std::new_handler find_handler() noexcept {
    if (&std::get_new_handler != nullptr) return std::get_new_handler();
    auto* const get = find_in_runtime<std::new_handler()>("_ZSt15get_new_handlerv");
    return get != nullptr ? get() : nullptr;
}

[[noreturn]] void throw_from_runtime() {
    if (&std::__throw_bad_alloc != nullptr) std::__throw_bad_alloc();
    if (auto* const throws = find_in_runtime<void()>("_ZSt17__throw_bad_allocv")) throws();
    fail("operator new: out of memory, in a program without the C++ runtime");
}

} // namespace

CENOTE_COLD void* new_slowly(std::size_t size, std::size_t alignment) {
    for (;;) {
        const std::new_handler handler = find_handler();
        if (handler == nullptr) throw_from_runtime();
        handler();
        if (void* const p = allocate_block(size, alignment); p != nullptr) return p;
    }
}

void deallocate_sized(void* p, std::size_t size, std::size_t alignment) noexcept {
    const unit_kind is = process_map.kind_of(p);
    const size_class said = alignment <= least_alignment && size <= max_class_size
                                ? layout.find(size)
                                : layout.find(size, alignment);
    if (is == said && said != no_class) [[likely]]
        return process_heap.give(process_cache(), p, is);
    if (p == nullptr) return;
    if (!process_heap.has_size(p, size, alignment)) process_heap.report_wrong_size(p, size, alignment);
    process_deallocate(p);
}

void deallocate_block(void* p, std::size_t size, std::size_t alignment) noexcept {
    if constexpr (is_hardened)
        hardened::deallocate(p, size, alignment);
    else if constexpr (is_counting)
        counting::deallocate(p, size, alignment);
    else
        deallocate_sized(p, size, alignment);
}

#define CENOTE_SAME_AS(name) __attribute__((alias(name)))
void default_delete(void*) noexcept CENOTE_SAME_AS("_ZdlPv");
void default_delete(void*, std::align_val_t) noexcept CENOTE_SAME_AS("_ZdlPvSt11align_val_t");
#undef CENOTE_SAME_AS

} // namespace cenote::detail

using namespace cenote::detail;

CENOTE_EXPORT void* operator new(std::size_t size) {
    void* const p = allocate_block(size);
    return p != nullptr ? p : new_slowly(size, least_alignment);
}
CENOTE_EXPORT void* operator new(std::size_t size, std::align_val_t alignment) {
    const auto multiple = static_cast<std::size_t>(alignment);
    void* const p = allocate_block(size, multiple);
    return p != nullptr ? p : new_slowly(size, multiple);
}
CENOTE_EXPORT void operator delete(void* p) noexcept { deallocate_block(p); }
CENOTE_EXPORT void operator delete(void* p, std::align_val_t) noexcept { deallocate_block(p); }
