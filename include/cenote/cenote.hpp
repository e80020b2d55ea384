// All of the C++ library; the heap has to be linked. Each header named here also works alone; `cenote/object_pool.hpp` and its like are short
// names for the common ones.
#pragma once

#include "cenote/base/units.hpp"
#include "cenote/heap/heap.hpp"
#include "cenote/pool/arena.hpp"
#include "cenote/pool/block_pool.hpp"
#include "cenote/pool/cached_pool.hpp"
#include "cenote/pool/intrusive_pool.hpp"
#include "cenote/pool/locked_pool.hpp"
#include "cenote/pool/lockfree_pool.hpp"
#include "cenote/pool/object_pool.hpp"
#include "cenote/source/buffer_source.hpp"
#include "cenote/source/decorators.hpp"
#include "cenote/source/upstream_source.hpp"
#include "cenote/source/vm_source.hpp"
