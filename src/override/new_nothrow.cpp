// Layer: override. The forms of operator new that return nullptr, and their deletes: what the forms that throw do, but for
// the exception. The only file that is compiled with exceptions; its references to their runtime are weak, and met in
// any program that can have thrown one.
#include "override.hpp"

#include <new>

// The compiler's own references.
asm(".weak __gxx_personality_v0\n"
    ".weak __cxa_begin_catch\n"
    ".weak __cxa_end_catch\n"
    ".weak _ZSt9terminatev\n"
    ".weak __cxa_call_terminate");

using namespace cenote::detail;

namespace {

template <class Throwing>
void* or_nullptr(Throwing allocate) noexcept {
    try {
        return allocate();
    } catch (...) {
        return nullptr;
    }
}

} // namespace

CENOTE_EXPORT void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return or_nullptr([=] { return ::operator new(size); });
}
CENOTE_EXPORT void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return or_nullptr([=] { return ::operator new[](size); });
}
CENOTE_EXPORT void* operator new(std::size_t size, std::align_val_t alignment,
                                 const std::nothrow_t&) noexcept {
    return or_nullptr([=] { return ::operator new(size, alignment); });
}
CENOTE_EXPORT void* operator new[](std::size_t size, std::align_val_t alignment,
                                   const std::nothrow_t&) noexcept {
    return or_nullptr([=] { return ::operator new[](size, alignment); });
}

CENOTE_EXPORT void operator delete(void* p, const std::nothrow_t&) noexcept { ::operator delete(p); }
CENOTE_EXPORT void operator delete[](void* p, const std::nothrow_t&) noexcept { ::operator delete[](p); }
CENOTE_EXPORT void operator delete(void* p, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    ::operator delete(p, alignment);
}
CENOTE_EXPORT void operator delete[](void* p, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    ::operator delete[](p, alignment);
}
