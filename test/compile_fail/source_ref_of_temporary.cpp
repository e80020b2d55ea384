// expect: (cannot bind|no matching|expects an lvalue|invalid initialization)
#include "cenote/source/source.hpp"
#include "cenote/source/vm_source.hpp"

// The reference would dangle.
#ifndef CENOTE_FIXED
cenote::source_ref<cenote::vm_source> shared{cenote::vm_source{}};
#else
cenote::vm_source source;
cenote::source_ref<cenote::vm_source> shared{source};
#endif
