// Layer: override. The forms of operator new that return nullptr, and their deletes: what the forms that throw do, but for
// the exception. The only file that is compiled with exceptions; its references to their runtime are weak, and met in
// any program that is linked with it. Where they are not, nothing can be caught here: when memory is short the runtime's
// own forms are asked, which call those that throw, and catch.
#include "blocks.hpp"
#include "runtime.hpp"

#include <new>

// The compiler's own references.
asm(".weak __gxx_personality_v0\n"
    ".weak __cxa_begin_catch\n"
    ".weak __cxa_end_catch\n"
    ".weak _ZSt9terminatev\n"
    ".weak __cxa_call_terminate");

using namespace cenote::detail;

namespace {

// Calls the runtime's operator of that name.
template <class... Arguments>
CENOTE_COLD void* ask_runtime(const char* name, const std::nothrow_t& tag, Arguments... arguments) noexcept {
    using form = void*(Arguments..., const std::nothrow_t&);
    auto* const found = find_in_runtime<form>(name);
    return found != nullptr ? found(arguments..., tag) : nullptr;
}

bool can_catch() noexcept { return &std::__throw_bad_alloc != nullptr; }

// What `allocate`, the form that throws, returns. `name` is that of the form that is called.
template <class Throwing, class... Alignment>
void* or_nullptr(Throwing allocate, const char* name, const std::nothrow_t& tag, std::size_t size,
                 Alignment... alignment) noexcept {
    if (!can_catch()) {
        void* const p = allocate_block(size, static_cast<std::size_t>(alignment)...);
        return p != nullptr ? p : ask_runtime(name, tag, size, alignment...);
    }
    try {
        return allocate(size, alignment...);
    } catch (...) {
        return nullptr;
    }
}

constexpr auto new_one = [](auto... arguments) { return ::operator new(arguments...); };
constexpr auto new_many = [](auto... arguments) { return ::operator new[](arguments...); };

} // namespace

CENOTE_EXPORT void* operator new(std::size_t size, const std::nothrow_t& tag) noexcept {
    return or_nullptr(new_one, "_ZnwmRKSt9nothrow_t", tag, size);
}
CENOTE_EXPORT void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
    return or_nullptr(new_many, "_ZnamRKSt9nothrow_t", tag, size);
}
CENOTE_EXPORT void* operator new(std::size_t size, std::align_val_t alignment,
                                 const std::nothrow_t& tag) noexcept {
    return or_nullptr(new_one, "_ZnwmSt11align_val_tRKSt9nothrow_t", tag, size, alignment);
}
CENOTE_EXPORT void* operator new[](std::size_t size, std::align_val_t alignment,
                                   const std::nothrow_t& tag) noexcept {
    return or_nullptr(new_many, "_ZnamSt11align_val_tRKSt9nothrow_t", tag, size, alignment);
}

CENOTE_EXPORT void operator delete(void* p, const std::nothrow_t&) noexcept { ::operator delete(p); }
CENOTE_EXPORT void operator delete[](void* p, const std::nothrow_t&) noexcept { ::operator delete[](p); }
CENOTE_EXPORT void operator delete(void* p, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    ::operator delete(p, alignment);
}
CENOTE_EXPORT void operator delete[](void* p, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    ::operator delete[](p, alignment);
}
