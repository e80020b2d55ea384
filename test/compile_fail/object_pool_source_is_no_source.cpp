// expect: memory_source
#include "cenote/object_pool.hpp"

#ifndef CENOTE_FIXED
struct source {
    void* allocate(unsigned long); // neither an alignment, nor noexcept
    void deallocate(void*);
};
#else
using source = cenote::vm_source;
#endif

cenote::object_pool<int, cenote::pool_options{}, source> pool;
