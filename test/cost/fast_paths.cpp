// The fast paths, each in a function of its own that callgrind can count. Every function is called `calls` times;
// its cost is what callgrind counts for it, divided by that.
#include "cenote/cenote.hpp"

#include <cstdio>

namespace {

struct order {
    long fields[8];
    order() noexcept {} // leaves the fields as they are: what is counted is the pool
};

constexpr int calls = 1000;

cenote::object_pool<order> objects;
cenote::block_pool<> blocks{sizeof(order)};
cenote::intrusive_pool<order> intrusive;
cenote::arena arena;
cenote::cached_pool<order> cached;
struct by_count;
constinit cenote::static_cached_pool<order, by_count> static_cached;

} // namespace

// Extern "C" names, so that the counting script finds them.
extern "C" {
[[gnu::noinline]] order* count_object_pool_create() { return objects.create(); }
[[gnu::noinline]] void count_object_pool_destroy(order* p) { objects.destroy(p); }
[[gnu::noinline]] void* count_block_pool_allocate() { return blocks.allocate(); }
[[gnu::noinline]] void count_block_pool_deallocate(void* p) { blocks.deallocate(p); }
[[gnu::noinline]] order* count_intrusive_pool_create() { return intrusive.create(); }
[[gnu::noinline]] void count_intrusive_pool_destroy(order* p) { intrusive.destroy(p); }
[[gnu::noinline]] order* count_cached_pool_create() { return cached.create(); }
[[gnu::noinline]] void count_cached_pool_destroy(order* p) { cached.destroy(p); }
[[gnu::noinline]] order* count_static_cached_pool_create() { return static_cached.create(); }
[[gnu::noinline]] void count_static_cached_pool_destroy(order* p) { static_cached.destroy(p); }
[[gnu::noinline]] void* count_arena_allocate() { return arena.allocate(64, 8); }
}

namespace {

// One block, out and back; every call but the first stays on the fast path.
template <class Create, class Destroy>
void cycle(Create create, Destroy destroy) {
    for (int i = 0; i != calls; ++i)
        destroy(create());
}

} // namespace

int main() {
    cycle(count_object_pool_create, count_object_pool_destroy);
    cycle(count_block_pool_allocate, count_block_pool_deallocate);
    cycle(count_intrusive_pool_create, count_intrusive_pool_destroy);
    cycle(count_cached_pool_create, count_cached_pool_destroy);
    cycle(count_static_cached_pool_create, count_static_cached_pool_destroy);
    for (int i = 0; i != calls; ++i)
        (void)count_arena_allocate();
    std::printf("%d\n", calls);
}
