// Layer: override. The sized forms of operator delete. The standard defines them by those without a size, and a program
// that replaced one of those must find its own called: so they look, at each call, whether the name leads here. Apart from
// what they look for, so that the compiler cannot know.
#include "blocks.hpp"

#include <new>

using namespace cenote::detail;

namespace {

using plain_delete = void(void*) noexcept;
using aligned_delete = void(void*, std::align_val_t) noexcept;

// Whether a name leads to the function here; the address of a replaced one is another.
template <class F>
CENOTE_ALWAYS_INLINE bool is(F* named, F* here) noexcept {
    return named == here;
}

} // namespace

CENOTE_EXPORT void operator delete(void* p, std::size_t size) noexcept {
    if (is<plain_delete>(::operator delete, default_delete))
        return deallocate_block(p, size, least_alignment);
    ::operator delete(p);
}
CENOTE_EXPORT void operator delete[](void* p, std::size_t size) noexcept {
    if (is<plain_delete>(::operator delete[], default_delete_array) &&
        is<plain_delete>(::operator delete, default_delete))
        return deallocate_block(p, size, least_alignment);
    ::operator delete[](p);
}
CENOTE_EXPORT void operator delete(void* p, std::size_t size, std::align_val_t alignment) noexcept {
    if (is<aligned_delete>(::operator delete, default_delete))
        return deallocate_block(p, size, static_cast<std::size_t>(alignment));
    ::operator delete(p, alignment);
}
CENOTE_EXPORT void operator delete[](void* p, std::size_t size, std::align_val_t alignment) noexcept {
    if (is<aligned_delete>(::operator delete[], default_delete_array) &&
        is<aligned_delete>(::operator delete, default_delete))
        return deallocate_block(p, size, static_cast<std::size_t>(alignment));
    ::operator delete[](p, alignment);
}
