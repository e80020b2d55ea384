// Layer: override. The forms of operator new and delete on which all others rest; each may be replaced by the program.
// Compiled without exceptions, which pass through nevertheless: nothing of the C++ runtime is linked. What is needed of
// it is there, by weak references, in every program that has one.
#include "blocks.hpp"

#include "cenote/base/error.hpp"

#include <new>

namespace std {
[[gnu::weak]] new_handler get_new_handler() noexcept;
void __throw_bad_alloc() __attribute__((noreturn, weak));
} // namespace std

namespace cenote::detail {

CENOTE_COLD void* new_slowly(std::size_t size, std::size_t alignment) {
    for (;;) {
        const std::new_handler handler =
            &std::get_new_handler != nullptr ? std::get_new_handler() : std::new_handler{};
        if (handler == nullptr) {
            if (&std::__throw_bad_alloc != nullptr) std::__throw_bad_alloc();
            fail("operator new: out of memory, in a program without the C++ runtime");
        }
        handler();
        if (void* const p = allocate_block(size, alignment); p != nullptr) return p;
    }
}

void deallocate_block(void* p, std::size_t size, std::size_t alignment) noexcept {
    if constexpr (is_hardened) return hardened::deallocate(p, size, alignment);
    const unit_kind is = process_map.kind_of(p);
    const size_class said =
        alignment <= least_alignment && size <= max_class_size ? class_for(size) : class_for(size, alignment);
    if (is == said && said != no_class) [[likely]]
        return process_heap.give(process_cache(), p, is);
    if (p == nullptr) return;
    if (!process_heap.has_size(p, size, alignment)) process_heap.report_wrong_size(p, size, alignment);
    deallocate_block(p);
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
