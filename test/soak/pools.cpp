// Soaks pools, families, arenas, handles and heaps. usage: soak_pools SECONDS
#include "cenote/cenote.hpp"
#include "cenote/heap.hpp"
#include "faults/os_calls.hpp"
#include "override/hidden.hpp"
#include "soak/soak.hpp"
#include "support/objects.hpp"

#include <cstdlib>
#include <cstring>
#include <list>
#include <memory>
#include <vector>

namespace cenote_soak {
namespace {

using cenote_test::stamped;
constexpr cenote::growth small_steps = cenote::growth::unlimited().steps(64U << 10, 1U << 20);

// Refuses as often as calls of the OS fail.
std::atomic<unsigned> one_refusal_in{0};
std::atomic<unsigned long> source_calls{0};
std::atomic<unsigned long> source_refusals{0};
class moody_source : public cenote::vm_source {
public:
    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        const unsigned n = one_refusal_in.load(std::memory_order_relaxed);
        if (n != 0 && source_calls.fetch_add(1, std::memory_order_relaxed) % n == 0) {
            source_refusals.fetch_add(1, std::memory_order_relaxed);
            return nullptr;
        }
        return vm_source::allocate(bytes, alignment);
    }
};

struct raw_64 {
    std::byte bytes[64];
};
struct raw_1000 {
    std::byte bytes[1000];
};

// A pool that lives as long as the program.
template <class Pool, class Object, int Number>
struct of_pool {
    static Pool& pool() {
        static Pool* const made = new Pool{policy};
        return *made;
    }
    static constexpr cenote::growth policy =
        Number == 0 ? small_steps : cenote::growth::up_to(Number).steps(64U << 10, 1U << 20);
    static void* allocate(std::size_t) { return pool().try_create(); }
    static void free(void* p, std::size_t) { pool().destroy(static_cast<Object*>(p)); }
    static void trim() {
        (void)pool().trim();
        if (!pool().valid()) fault("a pool is not valid");
    }
    static std::size_t live() { return pool().live(); }
    static constexpr load as(const char* name) {
        return {name, sizeof(Object), sizeof(Object), Number != 0, allocate, free, trim, live};
    }
};

struct of_static_pool {
    static cenote::static_cached_pool<raw_64, of_static_pool> pool() { return {}; }
    static void* allocate(std::size_t) { return pool().try_create(); }
    static void free(void* p, std::size_t) { pool().destroy(static_cast<raw_64*>(p)); }
    static void trim() { (void)pool().trim(); }
    static std::size_t live() { return pool().live(); }
};

struct of_family {
    static cenote::shared_pool_family& family() {
        static auto* const made = new cenote::shared_pool_family{small_steps};
        return *made;
    }
    static void* allocate(std::size_t bytes) { return family().try_allocate(bytes, 8); }
    static void free(void* p, std::size_t bytes) { family().deallocate(p, bytes, 8); }
    static void trim() { (void)family().trim(); }
};

template <std::size_t Limit>
struct of_heap {
    static cenote::heap& heap() {
        static cenote::heap* const made =
            Limit == 0 ? &cenote::heap::process() : new cenote::heap{{.limit = Limit, .decay = 20}};
        return *made;
    }
    static void* allocate(std::size_t bytes) {
        // A quarter of them grow to their size.
        if (bytes % 8 == 1) {
            void* const p = heap().try_allocate_zeroed(bytes);
            if (p != nullptr && !cenote_test::pattern{p, bytes}.is_zero()) fault("zeroed memory is not zero");
            return p;
        }
        if (bytes % 4 != 0) return heap().try_allocate(bytes, bytes % 64 == 3 ? 4096 : 16);
        void* const p = heap().try_allocate(bytes / 2 + 1);
        if (p == nullptr) return nullptr;
        void* const larger = heap().try_reallocate(p, bytes);
        if (larger == nullptr) heap().deallocate(p);
        return larger;
    }
    static void free(void* p, std::size_t) { heap().deallocate(p); }
    static void trim() {
        (void)heap().trim();
        if (!heap().valid()) fault("a heap is not valid");
    }
    static std::size_t live() { return heap().stats().live; }
};

template <class T, class Source>
using cached_on = cenote::cached_pool<T, cenote::pool_options{}, Source>;
constexpr load loads[] = {
    of_pool<cached_on<raw_64, moody_source>, raw_64, 0>::as("cached_pool"),
    of_pool<cenote::cached_pool<raw_1000>, raw_1000, 2000>::as("cached_pool with a limit"),
    of_pool<cenote::locked_pool<raw_1000>, raw_1000, 0>::as("locked_pool"),
    of_pool<cenote::lockfree_pool<raw_64>, raw_64, 0>::as("lockfree_pool"),
    {"static_cached_pool", 64, 64, false, of_static_pool::allocate, of_static_pool::free,
     of_static_pool::trim, of_static_pool::live},
    {"shared_pool_family", 32, 20'000, false, of_family::allocate, of_family::free, of_family::trim, nullptr},
    {"heap of the process", 32, 5'000'000, false, of_heap<0>::allocate, of_heap<0>::free, of_heap<0>::trim,
     of_heap<0>::live},
    {"heap with a limit", 32, 1'000'000, true, of_heap<(16U << 20)>::allocate, of_heap<(16U << 20)>::free,
     of_heap<(16U << 20)>::trim, of_heap<(16U << 20)>::live},
};

template <class Pool>
std::size_t use_pool(dice& with, std::size_t count) {
    using object = stamped<200, 8>;
    Pool pool{small_steps};
    std::vector<object*> made;
    for (std::size_t i = 0; i != count; ++i) {
        if (object* const p = pool.try_create(i)) {
            made.push_back(p);
            p->fill(made.size());
        }
        if (!made.empty() && with.below(3) == 0) {
            if (!made.back()->holds(made.size())) fault("an object was overwritten");
            pool.destroy(made.back());
            made.pop_back();
        }
    }
    for (std::size_t i = 0; i != made.size(); ++i) {
        if (!made[i]->holds(i + 1)) fault("an object was overwritten");
        pool.destroy(made[i]);
    }
    if (pool.live() != 0 || !pool.valid()) fault("a pool is not empty");
    return count;
}

std::size_t use_arena(dice& with, std::size_t count) {
    cenote::arena arena;
    std::vector<std::pair<unsigned char*, std::size_t>> made;
    for (std::size_t i = 0; i != count; ++i) {
        const std::size_t bytes = 1 + with.below(500);
        if (auto* const p = static_cast<unsigned char*>(arena.try_allocate(bytes, 8))) {
            std::memset(p, static_cast<int>(bytes % 251), bytes);
            made.emplace_back(p, bytes);
        }
    }
    for (const auto& [p, bytes] : made)
        if (p[0] != bytes % 251 || p[bytes - 1] != bytes % 251) fault("a piece was overwritten");
    return count;
}

std::size_t use_handles(std::size_t count) {
    cenote::handle_pool<std::uint64_t> pool{small_steps};
    std::vector<std::pair<cenote::handle<std::uint64_t>, std::uint64_t>> made;
    for (std::uint64_t i = 0; i != count; ++i)
        if (const auto handle = pool.try_create(i)) made.emplace_back(handle, i);
    for (const auto& [handle, value] : made) {
        const std::uint64_t* const p = pool.get(handle);
        if (p == nullptr || *p != value || !pool.destroy(handle)) fault("a handle's object is gone");
    }
    return count;
}

std::size_t use_containers(std::size_t count) {
    cenote::pool_family family{small_steps};
    std::list<std::size_t, cenote::pool_allocator<std::size_t>> list{
        cenote::pool_allocator<std::size_t>{family}};
    try {
        for (std::size_t i = 0; i != count; ++i)
            list.push_back(i);
    } catch (const std::bad_alloc&) {
    }
    std::size_t i = 0;
    for (const std::size_t each : list)
        if (each != i++) fault("a list was overwritten");
    return count;
}

} // namespace

const load* const all_loads = loads;
const std::size_t load_count = std::size(loads);

std::size_t alone(dice& with) {
    using object = stamped<200, 8>;
    const std::size_t count = 100 + with.below(2000);
    switch (with.below(6)) {
    case 0:
        return use_pool<cenote::object_pool<object, cenote::pool_options{}, moody_source>>(with, count);
    case 1:
        return use_pool<cenote::intrusive_pool<object>>(with, count);
    case 2:
        return use_pool<cenote::cached_pool<object>>(with, count); // comes and goes with its thread
    case 3:
        return use_arena(with, count);
    case 4:
        return use_handles(count);
    default:
        return use_containers(count);
    }
}
void fail_one_in(unsigned calls) noexcept {
    cenote_test::fail_one_in(calls);
    one_refusal_in.store(calls, std::memory_order_relaxed);
}
unsigned long failures() noexcept {
    return cenote_test::failures_in_all() + source_refusals.load(std::memory_order_relaxed);
}

} // namespace cenote_soak

int main(int argc, char** argv) {
    return cenote_soak::run(argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 60);
}
