#include "peers/cenote_heap.hpp"

#include "peers/cenote.hpp"

#include <cenote/heap/heap.hpp>

namespace bench {
namespace {

cenote::heap& heap = cenote::heap::process();

} // namespace

const std::chrono::milliseconds cenote_heap::decay{cenote::heap_options{}.decay};

facts cenote_heap::describe() { return cenote_facts(); }

void* cenote_heap::allocate(std::size_t bytes) { return heap.try_allocate(bytes); }
void cenote_heap::deallocate(void* p) { heap.deallocate(p); }
void cenote_heap::deallocate(void* p, std::size_t bytes) { heap.deallocate(p, bytes); }
void* cenote_heap::reallocate(void* p, std::size_t bytes) { return heap.try_reallocate(p, bytes); }

} // namespace bench
