// What every public template becomes for some types, so that an analyser sees the bodies and not only their text.
// `./dev analyse` reads it; it is never linked.
#include "cenote/cenote.hpp"

#include "cenote/heap/heap.hpp"
#include "cenote/heap_resource.hpp"
#include "cenote/os/stack_store.hpp"
#include "cenote/os/stack_trace.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace cenote {

struct plain {
    std::uint64_t words[3];
};
// Has a destructor, and a constructor that may throw.
struct named {
    explicit named(const std::string& text = "text") : name(text) {}
    std::string name;
};
struct tag {};
using counted = counting_source<failing_source<vm_source>>;

template class detail::slab_list<detail::static_geometry<24, 8>, vm_source>;
template class detail::slab_list<detail::runtime_geometry, counted>;
template class object_pool<plain>;
template class object_pool<named, pool_options{.at_death = leftovers::abort}, counted>;
template class block_pool<vm_source>;
template class block_pool<buffer_source>;
template class locked_pool<named>;
template class lockfree_pool<named>;
template class cached_pool<plain>;
template class cached_pool<named, pool_options{.alignment = 64}, counted>;
template class static_cached_pool<named, tag>;
template class intrusive_pool<plain, pool_options{.at_death = leftovers::leave}>;
template class intrusive_pool<named, pool_options{.at_death = leftovers::abort}, upstream_source>;
template class basic_arena<vm_source>;
template class basic_arena<counted>;
template class handle_pool<named>;
template class shared_pool<object_pool<named>>;
template class basic_pool_family<detail::one_thread>;
template class basic_pool_family<detail::many_threads>;
template class basic_pool_resource<pool_family>;
template class basic_pool_resource<shared_pool_family>;
template class arena_resource<vm_source>;
template class pool_allocator<named>;
template class allocator<named>;
template class counting_source<vm_source>;
template class failing_source<vm_source>;

namespace {

template <class Pool>
std::size_t use_pool(Pool& pool) {
    auto* const one = pool.create();
    auto* const two = pool.try_create();
    if constexpr (requires { pool.destroy_n({}); }) {
        typename Pool::value_type* many[8];
        pool.create_n(many);
        pool.destroy_n(many);
    }
    std::size_t seen = 0;
    if constexpr (requires { pool.for_each([](auto&) {}); }) pool.for_each([&seen](auto&) { ++seen; });
    pool.destroy(two);
    pool.destroy(one);
    const auto owned = pool.make_unique();
    return seen + pool.stats().live;
}

template <class Allocator>
std::size_t use_allocator(const Allocator& a) {
    using traits = std::allocator_traits<Allocator>;
    std::vector<int, typename traits::template rebind_alloc<int>> v(8, 1, a);
    std::list<named, typename traits::template rebind_alloc<named>> l(a);
    using pair = std::pair<const int, named>;
    std::map<int, named, std::less<>, typename traits::template rebind_alloc<pair>> m(a);
    l.emplace_back("one");
    m.try_emplace(1, "one");
    return v.size() + l.size() + m.size();
}

} // namespace

std::size_t use_everything() {
    std::size_t n = 0;
    object_pool<plain> plain_objects;
    object_pool<named> objects;
    locked_pool<named> locked;
    lockfree_pool<named> lockfree;
    cached_pool<named> cached;
    static_cached_pool<named, tag> shared;
    intrusive_pool<named, pool_options{.at_death = leftovers::abort}> intrusive;
    n += use_pool(plain_objects) + use_pool(objects) + use_pool(locked) + use_pool(lockfree);
    n += use_pool(cached) + use_pool(shared) + use_pool(intrusive);

    block_pool<> blocks{24, 8};
    void* const block = blocks.allocate();
    blocks.for_each([&n](void*) { ++n; });
    blocks.deallocate(block);

    arena bump;
    n += bump.create<named>()->name.size();

    handle_pool<named> handles;
    const handle<named> h = handles.create("one");
    n += handles.get(h)->name.size();
    handles.for_each([&n](auto&&...) { ++n; });
    handles.destroy(h);

    shared_pool<object_pool<named>> owners;
    n += owners.make_unique()->name.size();

    pool_family family;
    shared_pool_family for_threads;
    n += use_allocator(pool_allocator<named>{family});
    n += use_allocator(pool_allocator<named, shared_pool_family>{for_threads});
    n += use_allocator(allocator<named>{});

    heap own;
    named* const made = own.new_object<named>("one");
    n += made->name.size();
    own.delete_object(made);
    void* const bytes = own.allocate(100);
    own.deallocate(bytes, 100);

    std::byte room[256];
    limiting_source<buffer_source> little{100, buffer_source{room}};
    n += little.allocate(50, 8) != nullptr ? little.largest(8) : 0;

    detail::stack_store stacks;
    n += stacks.remember(detail::stack_trace::here(0));
    return n;
}

} // namespace cenote
