// Layer: pool. The typed pool for one thread; start here.
//
//     cenote::object_pool<particle> particles;
//     particle* p = particles.create(position, velocity);
//     particles.destroy(p);
#pragma once

#include "cenote/pool/basic_pool.hpp"
#include "cenote/pool/typed_pool.hpp"
#include "cenote/pool/watched.hpp"
#include "cenote/source/vm_source.hpp"

namespace cenote {

namespace detail {
inline namespace CENOTE_LEVEL {
struct object_pool_kind {
    static constexpr const char* name = "object_pool";
};
} // namespace CENOTE_LEVEL
template <class T, pool_options Options, memory_source Source>
using object_engine =
    watched<basic_pool<typename object_layout<T, Options>::geometry, Source, object_pool_kind>, Source>;
} // namespace detail

// Objects of one type; the interface is that of detail::typed_pool. Not thread-safe. Movable; a pool that was moved
// from may only be destroyed, and `unique_ptr`s made by it are to be gone before. sizeof is 120 bytes with a stateless
// source, and a pool that was never used holds nothing else. live() is O(1); magazines hold at most 1,024 blocks.
//
// The ideas of the interface (preheat, no growth, reset modes) are those of Zig's std.heap.MemoryPool.
template <class T, pool_options Options = pool_options{}, memory_source Source = vm_source>
class object_pool : public detail::typed_pool<T, Options, detail::object_engine<T, Options, Source>, Source> {
public:
    using detail::typed_pool<T, Options, detail::object_engine<T, Options, Source>, Source>::typed_pool;
};

} // namespace cenote
