// Layer: tool. The plain forms of operator new and delete.
#include "new.hpp"

namespace cenote::tool::record {

namespace {

template <class... Arguments>
CENOTE_COLD void* new_of_runtime(const char* name, Arguments... arguments) {
    auto* const found = of_runtime<void*(Arguments...)>(name);
    if (found == nullptr)
        cenote::detail::fail("operator new: out of memory, in a program without the C++ runtime");
    return found(arguments...);
}

} // namespace

#define CENOTE_SAME_AS(name) __attribute__((alias(name)))
void* own_new(std::size_t) CENOTE_SAME_AS("_Znwm");
void* own_new(std::size_t, std::align_val_t) CENOTE_SAME_AS("_ZnwmSt11align_val_t");
void own_delete(void*) noexcept CENOTE_SAME_AS("_ZdlPv");
void own_delete(void*, std::align_val_t) noexcept CENOTE_SAME_AS("_ZdlPvSt11align_val_t");
#undef CENOTE_SAME_AS

} // namespace cenote::tool::record

using namespace cenote::tool;
using namespace cenote::tool::record;

CENOTE_EXPORT void* operator new(std::size_t size) {
    void* const p = allocate(event_kind::new_one, size);
    return p != nullptr ? p : new_of_runtime("_Znwm", size);
}
CENOTE_EXPORT void* operator new(std::size_t size, std::align_val_t alignment) {
    void* const p = allocate_aligned(event_kind::new_one, number(alignment), size);
    return p != nullptr ? p : new_of_runtime("_ZnwmSt11align_val_t", size, alignment);
}
CENOTE_EXPORT void operator delete(void* p) noexcept { release(event_kind::delete_one, p); }
CENOTE_EXPORT void operator delete(void* p, std::align_val_t) noexcept { release(event_kind::delete_one, p); }
