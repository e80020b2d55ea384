// Layer: tool. The forms of operator new and delete that rest on the plain ones. In a file of their own, so that the compiler
// cannot know where those names lead.
#include "new.hpp"

using namespace cenote::tool;
using namespace cenote::tool::record;

namespace {

bool has_own_new() noexcept { return !is<plain_new>(::operator new, own_new); }
bool has_own_aligned_new() noexcept { return !is<aligned_new>(::operator new, own_new); }
bool has_own_delete() noexcept { return !is<plain_delete>(::operator delete, own_delete); }
bool has_own_aligned_delete() noexcept { return !is<aligned_delete>(::operator delete, own_delete); }

// The runtime's form: calls the form that throws, whosever it is, and catches.
CENOTE_COLD void* ask_runtime(const char* name, std::size_t size, const std::nothrow_t& tag) noexcept {
    auto* const found = of_runtime<void*(std::size_t, const std::nothrow_t&)>(name);
    return found != nullptr ? found(size, tag) : nullptr;
}
CENOTE_COLD void* ask_runtime(const char* name, std::size_t size, std::align_val_t alignment,
                              const std::nothrow_t& tag) noexcept {
    auto* const found = of_runtime<void*(std::size_t, std::align_val_t, const std::nothrow_t&)>(name);
    return found != nullptr ? found(size, alignment, tag) : nullptr;
}

} // namespace

CENOTE_EXPORT void* operator new[](std::size_t size) {
    if (has_own_new()) return ::operator new(size);
    void* const p = allocate(event_kind::new_array, size);
    return p != nullptr ? p : ::operator new(size);
}
CENOTE_EXPORT void* operator new[](std::size_t size, std::align_val_t alignment) {
    if (has_own_aligned_new()) return ::operator new(size, alignment);
    void* const p = allocate_aligned(event_kind::new_array, number(alignment), size);
    return p != nullptr ? p : ::operator new(size, alignment);
}

CENOTE_EXPORT void* operator new(std::size_t size, const std::nothrow_t& tag) noexcept {
    void* const p = has_own_new() ? nullptr : allocate(event_kind::new_one, size);
    return p != nullptr ? p : ask_runtime("_ZnwmRKSt9nothrow_t", size, tag);
}
CENOTE_EXPORT void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
    void* const p = has_own_new() ? nullptr : allocate(event_kind::new_array, size);
    return p != nullptr ? p : ask_runtime("_ZnamRKSt9nothrow_t", size, tag);
}
CENOTE_EXPORT void* operator new(std::size_t size, std::align_val_t alignment,
                                 const std::nothrow_t& tag) noexcept {
    void* const p =
        has_own_aligned_new() ? nullptr : allocate_aligned(event_kind::new_one, number(alignment), size);
    return p != nullptr ? p : ask_runtime("_ZnwmSt11align_val_tRKSt9nothrow_t", size, alignment, tag);
}
CENOTE_EXPORT void* operator new[](std::size_t size, std::align_val_t alignment,
                                   const std::nothrow_t& tag) noexcept {
    void* const p =
        has_own_aligned_new() ? nullptr : allocate_aligned(event_kind::new_array, number(alignment), size);
    return p != nullptr ? p : ask_runtime("_ZnamSt11align_val_tRKSt9nothrow_t", size, alignment, tag);
}

CENOTE_EXPORT void operator delete[](void* p) noexcept {
    if (has_own_delete()) return ::operator delete(p);
    release(event_kind::delete_array, p);
}
CENOTE_EXPORT void operator delete[](void* p, std::align_val_t alignment) noexcept {
    if (has_own_aligned_delete()) return ::operator delete(p, alignment);
    release(event_kind::delete_array, p);
}
CENOTE_EXPORT void operator delete(void* p, std::size_t size) noexcept {
    if (has_own_delete()) return ::operator delete(p);
    release(event_kind::delete_one, p, size);
}
CENOTE_EXPORT void operator delete[](void* p, std::size_t size) noexcept {
    if (has_own_delete()) return ::operator delete[](p);
    release(event_kind::delete_array, p, size);
}
CENOTE_EXPORT void operator delete(void* p, std::size_t size, std::align_val_t alignment) noexcept {
    if (has_own_aligned_delete()) return ::operator delete(p, alignment);
    release(event_kind::delete_one, p, size);
}
CENOTE_EXPORT void operator delete[](void* p, std::size_t size, std::align_val_t alignment) noexcept {
    if (has_own_aligned_delete()) return ::operator delete[](p, alignment);
    release(event_kind::delete_array, p, size);
}
CENOTE_EXPORT void operator delete(void* p, const std::nothrow_t&) noexcept { ::operator delete(p); }
CENOTE_EXPORT void operator delete[](void* p, const std::nothrow_t&) noexcept { ::operator delete[](p); }
CENOTE_EXPORT void operator delete(void* p, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    ::operator delete(p, alignment);
}
CENOTE_EXPORT void operator delete[](void* p, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    ::operator delete[](p, alignment);
}
