// expect: memory_source
#include "cenote/arena.hpp"

#include <memory>

#ifndef CENOTE_FIXED
using source = std::allocator<std::byte>;
#else
using source = cenote::vm_source;
#endif

cenote::basic_arena<source> arena;
