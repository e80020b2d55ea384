// expect: (constraint|memory_source)
#include "cenote/pool_family.hpp"

struct nothing {};
#ifndef CENOTE_FIXED
cenote::basic_pool_family<cenote::detail::one_thread, nothing> family;
#else
cenote::basic_pool_family<cenote::detail::one_thread, cenote::vm_source> family;
#endif
