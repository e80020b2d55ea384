// Layer: override. The forms for arrays, which the standard defines by those for single objects.
#include "override.hpp"

#include <new>

namespace cenote::detail {

#define CENOTE_SAME_AS(name) __attribute__((alias(name)))
void default_delete_array(void*) noexcept CENOTE_SAME_AS("_ZdaPv");
void default_delete_array(void*, std::align_val_t) noexcept CENOTE_SAME_AS("_ZdaPvSt11align_val_t");
#undef CENOTE_SAME_AS

} // namespace cenote::detail

CENOTE_EXPORT void* operator new[](std::size_t size) { return ::operator new(size); }
CENOTE_EXPORT void* operator new[](std::size_t size, std::align_val_t alignment) {
    return ::operator new(size, alignment);
}
CENOTE_EXPORT void operator delete[](void* p) noexcept { ::operator delete(p); }
CENOTE_EXPORT void operator delete[](void* p, std::align_val_t alignment) noexcept {
    ::operator delete(p, alignment);
}
