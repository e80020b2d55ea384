// The other file's global, so that either order of initialisation has somebody who comes first.
#include "cenote/heap/heap.hpp"

namespace {
struct global {
    void* held = cenote::heap::process().allocate(3000);
    ~global() { cenote::heap::process().deallocate(held, 3000); }
};
const global here;
} // namespace

void* block_of_heap_early_user() { return here.held; }
