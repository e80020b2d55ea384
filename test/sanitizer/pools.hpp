// The pools that the faulty programs make their mistakes with, under one face: create and destroy.
#pragma once

#include "cenote/cenote.hpp"
#include "cenote/heap.hpp"

#include <cstddef>
#include <cstdio>
#include <new>
#include <string_view>

namespace faults {

struct order {
    long fields[8];
    order() noexcept { fields[3] = 7; }
};

// Reads and writes that no compiler may drop.
[[gnu::noinline]] inline long read(const order* p) {
    return *const_cast<const volatile long*>(&p->fields[3]);
}
[[gnu::noinline]] inline void write(order* p) { *const_cast<volatile long*>(&p->fields[5]) = 42; }

// Who creates and who destroys: reports must name them.
template <class Pool>
[[gnu::noinline]] order* make_order(Pool& pool) {
    order* const p = pool.create();
    asm volatile("" : : "r"(p) : "memory"); // no tail call, which would leave no frame
    return p;
}
template <class Pool>
[[gnu::noinline]] void end_order(Pool& pool, order* p) {
    pool.destroy(p);
    asm volatile("" : : : "memory");
}

// The untyped pools with the face of the typed ones.
struct orders_in_blocks {
    cenote::block_pool<> blocks{sizeof(order)};
    order* create() { return ::new (blocks.allocate()) order; }
    void destroy(order* p) { blocks.deallocate(p); }
};

template <class Family>
struct orders_in_family {
    Family family;
    order* create() { return ::new (family.allocate(sizeof(order), alignof(order))) order; }
    void destroy(order* p) { family.deallocate(p, sizeof(order), alignof(order)); }
};

struct orders_by_handle {
    cenote::handle_pool<order> orders;
    order* create() { return orders.get(orders.create()); }
    void destroy(order* p) { orders.destroy(orders.handle_of(p)); }
};

struct orders_in_heap {
    order* create() { return cenote::heap::process().new_object<order>(); }
    void destroy(order* p) { cenote::heap::process().delete_object(p); }
};

// Memory that is the program's own, whose blocks AddressSanitizer sees poisoned and no more.
struct orders_in_buffer {
    alignas(64) std::byte buffer[64 * 1024];
    cenote::object_pool<order, cenote::pool_options{}, cenote::buffer_source> orders{
        cenote::growth{}, cenote::buffer_source{buffer, sizeof buffer}};
    order* create() { return orders.create(); }
    void destroy(order* p) { orders.destroy(p); }
};

// An arena takes objects back only all at once.
struct orders_in_arena {
    cenote::arena arena;
    order* create() { return arena.create<order>(); }
    void destroy(order*) { arena.reset(cenote::reset_mode::retain_capacity()); }
};

// Calls f.template operator()<Pool>() for the pool of that name; false where there is none.
template <class F>
bool with_pool(std::string_view name, F&& f) {
    if (name == "object_pool") return f.template operator()<cenote::object_pool<order>>(), true;
    if (name == "block_pool") return f.template operator()<orders_in_blocks>(), true;
    if (name == "intrusive_pool") return f.template operator()<cenote::intrusive_pool<order>>(), true;
    if (name == "locked_pool") return f.template operator()<cenote::locked_pool<order>>(), true;
    if (name == "lockfree_pool") return f.template operator()<cenote::lockfree_pool<order>>(), true;
    if (name == "cached_pool") return f.template operator()<cenote::cached_pool<order>>(), true;
    if (name == "pool_family") return f.template operator()<orders_in_family<cenote::pool_family>>(), true;
    if (name == "shared_pool_family")
        return f.template operator()<orders_in_family<cenote::shared_pool_family>>(), true;
    if (name == "handle_pool") return f.template operator()<orders_by_handle>(), true;
    if (name == "heap") return f.template operator()<orders_in_heap>(), true;
    if (name == "object_pool_in_buffer") return f.template operator()<orders_in_buffer>(), true;
    if (name == "arena") return f.template operator()<orders_in_arena>(), true;
    return false;
}

// The main of each program, `PROGRAM POOL FAULT`: calls commit.template operator()<Pool>(fault), and says that it came so far.
template <class Commit>
int run(int argc, char** argv, Commit&& commit) {
    const std::string_view name = argc > 1 ? argv[1] : "";
    const std::string_view fault = argc > 2 ? argv[2] : "";
    long sum = 0;
    if (!with_pool(name, [&]<class Pool>() { sum = commit.template operator()<Pool>(fault); })) return 2;
    std::printf("done %ld\n", sum);
    return 0;
}

} // namespace faults
