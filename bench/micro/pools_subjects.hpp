// Who takes part in the suite `pools`, in the order of its tables.
#pragma once

#include "peers/boost_pool.hpp"
#include "peers/cenote.hpp"
#include "peers/cenote_heap.hpp"
#include "peers/foonathan.hpp"
#include "peers/glibc.hpp"
#include "peers/jemalloc.hpp"
#include "peers/limit.hpp"
#include "peers/mimalloc.hpp"
#include "peers/pmr.hpp"
#include "peers/tcmalloc.hpp"
#include "peers/zig_style.hpp"

namespace bench {

using pools_subjects =
    subject_list<object_pool, block_pool, intrusive_pool, arena, cenote_heap, limit, boost_pool,
                 boost_object_pool, boost_fast_pool_allocator, foonathan_memory_pool, pmr_unsynchronized_pool,
                 zig_style, glibc_malloc, jemalloc, tcmalloc, mimalloc>;

// What takes memory: the limit's array would count as overhead that it does not have; in rows of memory the
// limit is the size of the block itself.
using memory_subjects =
    subject_list<object_pool, block_pool, intrusive_pool, arena, cenote_heap, boost_pool, boost_object_pool,
                 boost_fast_pool_allocator, foonathan_memory_pool, pmr_unsynchronized_pool, zig_style,
                 glibc_malloc, jemalloc, tcmalloc, mimalloc>;

} // namespace bench
